/** @file Reads an SVG as a program would: strictly, with elements, attributes and texts. For tests; no DTDs, no CDATA. */

export interface SvgElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: SvgElement[];
  /** Characters of the element itself. */
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

/** @throws {Error} where the text is not well-formed. */
export function parseSvg(source: string): SvgElement {
  const root: SvgElement = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  for (const match of source.matchAll(/<(\/?)([a-z]\w*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)|(<)/g)) {
    const [, close, name, attributes, selfClosing, text, stray] = match;
    const parent = open[open.length - 1];
    if (stray !== undefined) throw new Error(`stray < at ${match.index}`);
    if (text !== undefined) parent.text += unescapeXml(text);
    else if (close === "/") {
      if (parent.name !== name) throw new Error(`</${name}> closes <${parent.name}>`);
      open.pop();
    } else {
      const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, unescapeXml(value)]);
      const element: SvgElement = { name, attributes: Object.fromEntries(pairs), children: [], text: "" };
      parent.children.push(element);
      if (selfClosing === "") open.push(element);
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw new Error("expected one root element, all closed");
  return root.children[0];
}

/** All elements below `element` with this class, in order. */
export function withClass(element: SvgElement, name: string): SvgElement[] {
  return element.children.flatMap((child) => [
    ...((child.attributes.class ?? "").split(" ").includes(name) ? [child] : []),
    ...withClass(child, name),
  ]);
}

function unescapeXml(text: string): string {
  return text.replace(/&(\w*);?/g, (whole, name) => {
    if (!(name in ENTITIES) || !whole.endsWith(";")) throw new Error(`unknown entity ${whole}`);
    return ENTITIES[name];
  });
}
