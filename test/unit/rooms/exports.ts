// Which names does a source file declare and export?
import { type Node, parse } from './syntax.ts';

/**
 * Functions, classes, constants and types that the file itself declares. A name that is handed on from another file
 * (`export … from`) belongs to that file. Throws on source that does not parse.
 */
export function exportsOf(file: string, source: string): string[] {
  const { body } = parse(file, source).program as { readonly body: readonly Node[] };
  return body.flatMap((statement): string[] => {
    if (statement.type === 'ExportDefaultDeclaration') return ['default'];
    if (statement.type !== 'ExportNamedDeclaration' || statement['source']) return [];
    if (statement['declaration']) return declaredBy(statement['declaration'] as Node);
    return (statement['specifiers'] as Node[]).map(({ exported }) => {
      const { name, value } = exported as { readonly name?: string; readonly value?: string };
      return String(name ?? value);
    });
  });
}

const declaredBy = ({ id, declarations }: Node): string[] =>
  id ? boundBy(id as Node) : ((declarations ?? []) as Node[]).flatMap((one) => boundBy(one['id'] as Node));

/** `a`, and the names within `{ a, b: [c] }`. */
function boundBy(pattern: Node | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [String(pattern['name'])];
    case 'ObjectPattern':
      return (pattern['properties'] as Node[]).flatMap((one) => boundBy((one['value'] ?? one) as Node));
    case 'ArrayPattern':
      return (pattern['elements'] as (Node | null)[]).flatMap(boundBy);
    case 'AssignmentPattern':
      return boundBy(pattern['left'] as Node);
    case 'RestElement':
      return boundBy(pattern['argument'] as Node);
    default:
      return [];
  }
}
