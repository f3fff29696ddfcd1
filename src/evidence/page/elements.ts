// How are elements made from words that may come from somebody else? As text alone.
import { printableLines } from '../../base/printable.ts';

type Child = Node | string | null;
type Attributes = Readonly<Record<string, string | boolean | ((event: Event) => void) | null>>;

const SVG = 'http://www.w3.org/2000/svg';

/** A name that begins with `on` is a listener. False and null leave an attribute out. */
export function element(
  name: string,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElement {
  return filled(document.createElement(name), attributes, children);
}

export function svg(name: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  return filled(document.createElementNS(SVG, name) as SVGElement, attributes, children);
}

function filled<T extends Element>(made: T, attributes: Attributes, children: readonly Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, '');
    else if (typeof value === 'string') made.setAttribute(name, value);
  }
  for (const child of children) {
    if (child !== null) made.append(typeof child === 'string' ? printableLines(child) : child);
  }
  return made;
}
