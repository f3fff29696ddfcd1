// What does a source file import, in whatever form?
import { type Node, parse, visit } from './syntax.ts';

export type Import = {
  /** As written: `./x.ts`, `node:fs`, `kafkajs/src/admin`; or COMPUTED. */
  readonly specifier: string;
  /** Erased before it runs: `import type`, `export type`, `import('…').T`. */
  readonly isType: boolean;
};

export const COMPUTED = '(computed)';

/** Packages that one room alone may name, in any string: `createRequire` takes one too. */
const NAMED_IN_STRINGS = /^(kafkajs|@aws-sdk\/[a-z0-9-]+|lz4-napi|@node-rs\/crc32)(\/|$)/;

/**
 * Static and dynamic imports, re-exports, `import type`, `import('…').T`, `import x = require('…')`, and files or packages
 * named by `new URL('./…')` or a `require` of one's own. Throws on what does not parse.
 */
export function importsOf(file: string, source: string): Import[] {
  const { program } = parse(file, source);
  const found: Import[] = [];
  const add = (node: unknown, isType: boolean) => {
    const { value } = node as { value?: unknown };
    found.push({ specifier: typeof value === 'string' ? value : COMPUTED, isType });
  };
  visit(program, (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
        return add(node['source'], node['importKind'] === 'type' || onlyTypes(node['specifiers']));
      case 'ExportAllDeclaration':
      case 'ExportNamedDeclaration':
        return node['source'] ? add(node['source'], node['exportKind'] === 'type') : undefined;
      case 'ImportExpression':
        return add(node['source'], false);
      case 'TSImportType':
        return add(node['source'], true);
      case 'TSExternalModuleReference':
        return add(node['expression'], false);
      case 'NewExpression':
        return addUrl(node, found);
      case 'Literal':
        if (NAMED_IN_STRINGS.test(String(node['value'])))
          found.push({ specifier: String(node['value']), isType: false });
    }
  });
  return found;
}

const onlyTypes = (specifiers: unknown): boolean =>
  Array.isArray(specifiers) &&
  specifiers.length > 0 &&
  specifiers.every((one: { importKind?: string }) => one.importKind === 'type');

/** `new URL('./worker.ts', import.meta.url)` runs or reads that file. */
function addUrl(node: Node, found: Import[]): void {
  const { name } = node['callee'] as { name?: string };
  const [first] = node['arguments'] as { value?: unknown }[];
  if (name === 'URL' && typeof first?.value === 'string' && /^\.{1,2}\/.*\.ts$/.test(first.value))
    found.push({ specifier: first.value, isType: false });
}
