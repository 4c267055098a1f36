/** @file What is known of labels beside their names: a catalogue's file in, items by label out. */
export type { Catalogue, CatalogueProgress, CatalogueReport } from "./catalogue.js";
export {
  CATALOGUE_FIELDS,
  type CatalogueColumns,
  type CatalogueField,
  parseCatalogueColumns,
} from "./catalogue-columns.js";
export { type CatalogueOptions, DEFAULT_CACHE_ITEMS, type OpenedCatalogue, openCatalogue } from "./open-catalogue.js";
export { isWebAddress } from "./web-address.js";
