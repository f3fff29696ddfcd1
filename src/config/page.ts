// What does docs/configuration.md say about each member of a configuration file?
import { LIMITS } from '../base/limits.ts';
import { type ConfigFile, type JsonSchema, jsonSchemaOf } from './json-schema.ts';

type Row = {
  readonly path: string;
  readonly value: string;
  readonly default: string;
  readonly meaning: string;
  /** `kind: s3`, where the member belongs to one branch of a union. */
  readonly when: string | null;
};

/** The page with its generated parts replaced: from `<!-- members of F -->` to `<!-- end of F -->`. */
export const pageText = (page: string): string =>
  page.replace(
    /(<!-- members of (ledgerstone|verifier|governance)\.yaml -->\n)[\s\S]*?(<!-- end of \2\.yaml -->)/g,
    (_all, begin: string, file: ConfigFile, end: string) => `${begin}\n${membersText(file)}\n${end}`,
  );

/** A heading and a table for each member of the file's top level. */
function membersText(file: ConfigFile): string {
  const schema = jsonSchemaOf(file);
  const sections = Object.entries(schema.properties ?? {}).map(([name, member]) => {
    const isNeeded = schema.required?.includes(name) === true;
    const [first, ...inner] = rowsOf(name, member, isNeeded, null);
    const rows = isContainer(member) ? merged(inner) : [first as Row];
    const intro = isContainer(member) ? `${member.description}.${isNeeded ? ' Required.' : ''}\n\n` : '';
    return `### ${file}.yaml: ${name}\n\n${intro}${tableText(rows)}`;
  });
  return sections.join('\n');
}

const isContainer = (schema: JsonSchema): boolean =>
  schema.properties !== undefined ||
  typeof schema.additionalProperties === 'object' ||
  branchesOf(schema).some(isContainer);

const branchesOf = ({ oneOf, anyOf }: JsonSchema): readonly JsonSchema[] => oneOf ?? anyOf ?? [];

/** The member itself, then its own members. */
function rowsOf(path: string, schema: JsonSchema, isNeeded: boolean, when: string | null): Row[] {
  const own: Row = {
    path,
    value: valueText(schema),
    default: defaultText(schema, isNeeded),
    meaning: schema.description ?? '',
    when,
  };
  return [own, ...innerRows(path, schema, when)];
}

function innerRows(path: string, schema: JsonSchema, when: string | null): Row[] {
  const { properties, additionalProperties, items, required } = schema;
  const branches = branchesOf(schema);
  const discriminator = discriminatorOf(branches);
  if (discriminator !== null) return unionRows(path, branches, discriminator);
  if (items !== undefined) return isContainer(items) ? innerRows(`${path}[]`, items, when) : [];
  if (typeof additionalProperties === 'object') return innerRows(`${path}.NAME`, additionalProperties, when);
  return [
    ...branches.flatMap((branch) => innerRows(path, branch, when)),
    ...Object.entries(properties ?? {}).flatMap(([name, property]) =>
      rowsOf(`${path}.${name}`, property, required?.includes(name) === true, when),
    ),
  ];
}

/** The member whose constant distinguishes the branches: `kind`, `mechanism`. */
function discriminatorOf(branches: readonly JsonSchema[]): string | null {
  const [first] = branches;
  const constant = Object.entries(first?.properties ?? {}).find(
    ([, { const: value }]) => value !== undefined,
  );
  const name = constant?.[0];
  if (name === undefined) return null;
  return branches.every(({ properties }) => properties?.[name]?.const !== undefined) ? name : null;
}

function unionRows(path: string, branches: readonly JsonSchema[], discriminator: string): Row[] {
  const constants = branches.map(({ properties }) => properties?.[discriminator]?.const);
  const which: Row = {
    path: `${path}.${discriminator}`,
    value: constants.map(code).join(', '),
    default: '**required**',
    meaning: 'Which one it is. Further members depend on it',
    when: null,
  };
  const rows = branches.flatMap((branch, index) =>
    innerRows(path, branch, code(`${discriminator}: ${String(constants[index])}`)),
  );
  return [which, ...rows.filter(({ path: inner }) => inner !== which.path)];
}

/** Rows of several branches that say the same become one. */
function merged(rows: readonly Row[]): Row[] {
  const whens = new Map<string, string[]>();
  const keyOf = ({ path, value, meaning }: Row): string => JSON.stringify([path, value, meaning]);
  for (const row of rows) whens.set(keyOf(row), [...(whens.get(keyOf(row)) ?? []), row.when ?? '']);
  return rows.flatMap((row, index) => {
    if (rows.findIndex((other) => keyOf(other) === keyOf(row)) !== index) return [];
    const when = (whens.get(keyOf(row)) ?? []).filter((text) => text !== '');
    return [{ ...row, when: when.length === 0 ? null : when.join(', ') }];
  });
}

const code = (value: unknown): string => `\`${String(value)}\``;

function valueText(schema: JsonSchema): string {
  if (schema.form !== undefined) return schema.form;
  if (schema.const !== undefined) return code(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  const branches = branchesOf(schema);
  if (branches.length > 0) return [...new Set(branches.map(valueText))].join(', or ');
  if (schema.items !== undefined) return `a list: ${valueText(schema.items)}`;
  if (isContainer(schema)) return 'a mapping';
  if (schema.type === 'integer') return integerText(schema);
  return schema.type === 'boolean' ? '`true` or `false`' : 'text';
}

const integerText = ({ minimum, maximum = Number.POSITIVE_INFINITY }: JsonSchema): string =>
  `a whole number, ${minimum} ${maximum >= LIMITS.offsetMax ? 'or more' : `to ${maximum}`}`;

function defaultText(schema: JsonSchema, isNeeded: boolean): string {
  const { default: value } = schema;
  if (value === undefined) return isNeeded ? '**required**' : '';
  if (value === '') return 'empty';
  return typeof value === 'object' ? '' : code(value);
}

const tableText = (rows: readonly Row[]): string =>
  [
    '| member | value | default | meaning |',
    '| - | - | - | - |',
    ...rows.map(({ path, value, default: otherwise, meaning, when }) => {
      const cells = [code(path), value, otherwise, `${when === null ? '' : `${when}: `}${meaning}`];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    }),
    '',
  ].join('\n');
