// Which controls are on the map, and is the map well formed?
import { FormatError } from '../../base/error.ts';
import { CHECK_IDS, type CheckId } from './checks.ts';

export type Framework = { readonly id: string; readonly title: string };

export type Control = {
  readonly id: string;
  readonly name: string;
  /** By framework, its own names of the control. */
  readonly ids: Readonly<Record<string, readonly string[]>>;
  /** What is asked, in our words. */
  readonly asks: string;
  readonly does: string;
  /** What shows it. None: nothing here does, and it is the customer's. */
  readonly shows: readonly CheckId[];
  readonly customer: readonly string[];
};

export type ControlMap = { readonly frameworks: readonly Framework[]; readonly controls: readonly Control[] };

type Members = Readonly<Record<string, unknown>>;

/** Throws FormatError, with the place. `value`: what the YAML file holds. */
export function controlMapOf(value: unknown): ControlMap {
  const root = only(value, 'the map', ['frameworks', 'controls']);
  const titles = members(root['frameworks'], 'frameworks');
  const frameworks = Object.entries(titles).map(([id, one]) => ({
    id,
    title: text(only(one, `frameworks.${id}`, ['title'])['title'], `frameworks.${id}.title`),
  }));
  const names = new Set(frameworks.map(({ id }) => id));
  const controls = list(root['controls'], 'controls').map((one, index) =>
    controlOf(one, `controls[${index}]`, names),
  );
  const seen = new Set<string>();
  for (const { id } of controls) {
    if (seen.has(id)) throw new FormatError(`the control ${id} is there twice`);
    seen.add(id);
  }
  return { frameworks, controls };
}

function controlOf(value: unknown, where: string, frameworks: ReadonlySet<string>): Control {
  const one = only(value, where, ['id', 'name', 'ids', 'asks', 'does', 'shows', 'customer']);
  const ids = Object.entries(members(one['ids'], `${where}.ids`)).map(([framework, own]) => {
    if (!frameworks.has(framework)) throw new FormatError(`${where}.ids.${framework}: no such framework`);
    return [framework, texts(own, `${where}.ids.${framework}`)] as const;
  });
  if (ids.length === 0) throw new FormatError(`${where}.ids: of no framework`);
  const customer = texts(one['customer'], `${where}.customer`);
  if (customer.length === 0) throw new FormatError(`${where}.customer: nothing remains to nobody`);
  return {
    id: text(one['id'], `${where}.id`),
    name: text(one['name'], `${where}.name`),
    ids: Object.fromEntries(ids),
    asks: text(one['asks'], `${where}.asks`),
    does: text(one['does'], `${where}.does`),
    shows: texts(one['shows'], `${where}.shows`).map((check) => checkId(check, `${where}.shows`)),
    customer,
  };
}

function checkId(id: string, where: string): CheckId {
  const known = CHECK_IDS.find((one) => one === id);
  if (known === undefined) throw new FormatError(`${where}: no check is called ${id}`);
  return known;
}

function members(value: unknown, where: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormatError(`${where} is no map`);
  return value as Members;
}

function only(value: unknown, where: string, names: readonly string[]): Members {
  const found = members(value, where);
  const unknown = Object.keys(found).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new FormatError(`${where}.${unknown}: no such member`);
  return found;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new FormatError(`${where} is no list`);
  return value;
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string' || value.trim() === '') throw new FormatError(`${where} is no text`);
  return value.trim();
}

const texts = (value: unknown, where: string): string[] =>
  list(value, where).map((one, index) => text(one, `${where}[${index}]`));
