/**
 * @file Branded integer types, so that a label can never be passed where a bucket is meant.
 * The brands exist for the compiler alone: at run time each is a plain number.
 */

declare const brand: unique symbol;

/** A label's number, 0 ≤ id < L, in the order of the model's label table. */
export type LabelId = number & { readonly [brand]: "LabelId" };

/** A bucket's number within one world, 0 ≤ id < B. */
export type BucketId = number & { readonly [brand]: "BucketId" };

/** A world's number, 0 ≤ id < R. The world's hash and its random stream follow from the seed and this number. */
export type WorldId = number & { readonly [brand]: "WorldId" };
