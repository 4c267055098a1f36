/**
 * @file Which column of the source holds what? Names to look for, and the text `title=name,url=link` that changes them.
 */
import { ConfigError } from "../../core/errors.js";

/** What a row may say, in the order of stored fields; the label first. */
export const CATALOGUE_FIELDS = ["label", "title", "url", "image", "price"] as const;

/** What a row may say of a label. */
export type CatalogueField = (typeof CATALOGUE_FIELDS)[number];

/** Column of each field; those left out are looked for under the field's own name, the label also under `id`. */
export type CatalogueColumns = { readonly [F in CatalogueField]?: string | undefined };

/** What a source without the needed columns should do. */
export const COLUMNS_REMEDY = "name columns with --catalogue-columns label=sku,title=name";

/**
 * Columns from text such as `title=name,url=link`.
 * @throws {ConfigError} for anything but pairs of a field and a column.
 */
export function parseCatalogueColumns(text: string): CatalogueColumns {
  const columns: { [F in CatalogueField]?: string } = {};
  for (const pair of text.split(",")) {
    const equals = pair.indexOf("=");
    const field = CATALOGUE_FIELDS.find((name) => name === pair.slice(0, Math.max(equals, 0)).trim());
    const column = pair.slice(equals + 1).trim();
    if (field === undefined || column === "" || columns[field] !== undefined) {
      const expected = `expected field=column, once each of ${CATALOGUE_FIELDS.join(", ")}`;
      throw new ConfigError(`catalogue columns: ${expected}, got ${JSON.stringify(pair)}; such as title=name,url=link`);
    }
    columns[field] = column;
  }
  return columns;
}

/** Names under which a field is looked for, the likeliest first. */
export function namesOf(field: CatalogueField, columns: CatalogueColumns): readonly string[] {
  const chosen = columns[field];
  if (chosen !== undefined) return [chosen];
  return field === "label" ? ["label", "id"] : [field];
}

/** Position of each field among `header`, −1 where it has none; case and spaces around names do not matter. */
export type FieldPositions = { readonly [F in CatalogueField]: number };

/** Finds the fields among the names of a header; null if the label is not there. */
export function findFields(header: readonly string[], columns: CatalogueColumns): FieldPositions | null {
  const names = header.map((name) => name.trim().toLowerCase());
  const position = (field: CatalogueField): number =>
    namesOf(field, columns)
      .map((name) => names.indexOf(name.trim().toLowerCase()))
      .find((at) => at >= 0) ?? -1;
  const label = position("label");
  if (label < 0) return null;
  const [title, url, image, price] = (["title", "url", "image", "price"] as const).map(position);
  return { label, title, url, image, price };
}

/** What is wrong with a header, as `expected …, got …; remedy`; null if nothing is. */
export function headerProblem(header: readonly string[], columns: CatalogueColumns): string | null {
  const shown = header.slice(0, 12).map((name) => JSON.stringify(name.trim().slice(0, 40)));
  const got = `got columns ${shown.join(", ")}${header.length > shown.length ? " …" : ""}`;
  const positions = findFields(header, columns);
  if (positions === null)
    return `expected a column ${namesOf("label", columns).join(" or ")}, ${got}; ${COLUMNS_REMEDY}`;
  const absent = CATALOGUE_FIELDS.find((field) => columns[field] !== undefined && positions[field] < 0);
  if (absent !== undefined) {
    return `expected a column ${JSON.stringify(columns[absent])} for the ${absent}, ${got}; correct --catalogue-columns`;
  }
  const says = CATALOGUE_FIELDS.some((field) => field !== "label" && positions[field] >= 0);
  return says ? null : `expected a column title, url, image or price beside the label, ${got}; ${COLUMNS_REMEDY}`;
}
