/** @file How does an OpenAPI document become a page? Operations with what they take and answer, fields as tables. */

/** The parts of an OpenAPI 3.1 document that are shown. */
export interface ApiDocument {
  readonly info: { readonly title: string; readonly version: string; readonly description?: string };
  readonly tags?: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

/** The whole page. */
export function renderDocs(document: ApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== "head")
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const sections = (document.tags ?? []).map(({ name, description = "" }) => {
    const members = operations.filter(({ operation }) => operation.tags?.includes(name));
    return `<section><h2>${escapeHtml(description)}</h2>${members.map(renderOperation).join("")}</section>`;
  });
  const { title, version, description = "" } = document.info;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)} API</title>
<link rel="icon" type="image/svg+xml" href="/docs/icon.svg">
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header>
<h1>${escapeHtml(title)} API <small>${escapeHtml(version)}</small></h1>
<p>${escapeHtml(description)} As a document for programs: <a href="/openapi.json">/openapi.json</a>.</p>
</header>
<main>${sections.join("")}</main>
</body>
</html>
`;
}

interface Placed {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

function renderOperation({ method, path, operation }: Placed): string {
  const id = `${method}-${path}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  const parts = [
    `<article aria-labelledby="${id}"><h3 id="${id}"><b>${method}</b> <code>${escapeHtml(path)}</code></h3>`,
    `<p>${escapeHtml(operation.summary ?? "")}</p>`,
    `<pre tabindex="0"><code>${escapeHtml(curlLine({ method, path, operation }))}</code></pre>`,
  ];
  const parameters = operation.parameters ?? [];
  if (parameters.length > 0) {
    const rows = parameters.map(({ name, schema }) => renderRow(name, true, schema));
    parts.push("<h4>In the address</h4>", renderTable(rows));
  }
  const body = schemaOf(operation.requestBody?.content);
  if (body !== undefined) parts.push("<h4>Body</h4>", renderTable(fieldRows(body, "")));
  for (const [status, { description = "", content }] of Object.entries(operation.responses)) {
    const schema = schemaOf(content);
    const rows = schema === undefined ? [] : fieldRows(schema, "");
    const fields = rows.length === 0 ? "" : renderTable(rows);
    parts.push(
      `<details${status === "200" ? " open" : ""}><summary><b>${status}</b> ${escapeHtml(description)}</summary>${fields}</details>`,
    );
  }
  return `${parts.join("")}</article>`;
}

function curlLine({ method, path, operation }: Placed): string {
  const address = `http://localhost:8080${path.replace(/\{\w+\}/g, "0")}`;
  const key = (operation.security ?? []).length > 0 ? " -H 'authorization: Bearer <key>'" : "";
  if (method !== "POST") return `curl${key} ${address}`;
  return `curl${key} ${address} -H 'content-type: application/json' -d '{"query": "red shoes", "k": 5}'`;
}

function schemaOf(content: Content | undefined): Schema | undefined {
  return content === undefined ? undefined : Object.values(content)[0]?.schema;
}

/** Rows of the fields of `schema`, those of objects and lists within it below them, named `results[].labels[].id`. */
function fieldRows(schema: Schema, prefix: string): string[] {
  const inner = schema.items === undefined ? schema : schema.items;
  const at = schema.items === undefined ? prefix : `${prefix}[]`;
  if (schema.items !== undefined) return fieldRows(inner, at);
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = at === "" ? name : `${at}.${name}`;
    return [renderRow(path, schema.required?.includes(name) ?? false, field), ...fieldRows(field, path)];
  });
}

function renderRow(name: string, isRequired: boolean, schema: Schema): string {
  const requirement = isRequired || schema.default !== undefined ? "" : " <i>optional</i>";
  const notes = [schema.description, ...bounds(schema)].filter((note) => note !== undefined && note !== "");
  return `<tr><th scope="row"><code>${escapeHtml(name)}</code></th><td>${escapeHtml(typeOf(schema))}${requirement}</td><td>${renderText(notes.join(" "))}</td></tr>`;
}

function renderTable(rows: readonly string[]): string {
  return `<div class="scroll" tabindex="0" role="group" aria-label="Fields"><table><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (typeof schema.additionalProperties === "object") return `map to ${typeOf(schema.additionalProperties)}`;
  return schema.type ?? "any";
}

/** What the schema says besides the type, in words. Bounds of machine integers are left out. */
function bounds(schema: Schema): string[] {
  const notes: string[] = [];
  const { minimum, maximum } = schema;
  const isBounded = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (isBounded) notes.push(minimum === undefined ? `At most ${maximum}.` : `From ${minimum} to ${maximum}.`);
  if (schema.maxLength !== undefined) notes.push(`At most ${schema.maxLength} characters.`);
  if (schema.maxItems !== undefined) notes.push(`At most ${schema.maxItems}.`);
  const each = schema.items?.maxLength;
  if (each !== undefined) notes.push(`Each at most ${each} characters.`);
  if (schema.default !== undefined) notes.push(`Default ${JSON.stringify(schema.default)}.`);
  return notes;
}

/** Text in which backquotes stand around code. */
function renderText(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
