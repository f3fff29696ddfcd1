// Which values does the YAML text hold, where is each, and which come from the environment?
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  visit,
} from 'yaml';
import { messageOf } from '../base/error.ts';

/** Line and column in the file, counted from 1. */
type YamlPosition = { readonly line: number; readonly column: number };
export type ConfigPath = readonly (string | number)[];

export type YamlText = {
  /** Plain values after substitution; undefined where the text is not one YAML document. */
  readonly value: unknown;
  /** Where the key at `path` is, or the nearest value around it that exists. */
  position(path: ConfigPath): YamlPosition;
};
export type YamlProblem = {
  readonly position: YamlPosition;
  readonly path: ConfigPath;
  readonly message: string;
};

const VARIABLE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{/g;

/**
 * Replaces `${NAME}` inside string values after the YAML was parsed, so that a value from the environment can
 * never add keys or change the structure. `$${` is a literal `${`.
 */
function substitute(
  document: Document,
  env: NodeJS.ProcessEnv,
  report: (node: Scalar, message: string) => void,
) {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string') return;
      node.value = node.value.replace(VARIABLE, (whole, name: string | undefined) => {
        if (whole === '$${') return '${';
        if (name === undefined) {
          report(node, `has "\${" without a name: write \${NAME}, or $\${ for the two characters themselves`);
          return whole;
        }
        const value = env[name];
        if (value === undefined || value === '') {
          report(
            node,
            `needs the environment variable ${name}, which is ${value === '' ? 'empty' : 'not set'}`,
          );
        }
        return value ?? '';
      });
    },
  });
}

/** The keys and indexes that lead to a node, for problems that are found by node alone. */
function pathOf(document: Document, wanted: Node): ConfigPath {
  let found: ConfigPath = [];
  visit(document, {
    Scalar(_key, node, ancestors) {
      if (node !== wanted) return;
      const chain: readonly unknown[] = [...ancestors, node];
      found = chain.flatMap((ancestor, depth): (string | number)[] => {
        if (isPair(ancestor) && isScalar(ancestor.key)) return [String(ancestor.key.value)];
        return isSeq(ancestor) ? [ancestor.items.indexOf(chain[depth + 1])] : [];
      });
      return visit.BREAK;
    },
  });
  return found;
}

export function readYaml(
  text: string,
  env: NodeJS.ProcessEnv,
): { readonly yaml: YamlText; readonly problems: readonly YamlProblem[] } {
  const lines = new LineCounter();
  // Core schema of YAML 1.2 without merge keys. Keys are text. Few aliases: no file grows when it is read.
  const documents = parseAllDocuments(text, { lineCounter: lines, stringKeys: true, prettyErrors: false });
  const document = (Array.isArray(documents) ? documents[0] : undefined) as Document | undefined;
  const at = (offset: number): YamlPosition => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems: YamlProblem[] = [];
  const errors = [...(document?.errors ?? []), ...(document?.warnings ?? [])];
  const twice = errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  // After the first broken token the parser guesses, and further errors are about its guesses.
  const broken = errors.filter(({ code }) => code !== 'DUPLICATE_KEY').slice(0, 1);
  for (const { pos, message } of [...twice, ...broken]) {
    const hint =
      broken.length > 0 && text.includes('${') ? ` (inside { } and [ ] put \${NAME} into quotes)` : '';
    problems.push({ position: at(pos[0]), path: [], message: `${message}${hint}` });
  }
  const second = Array.isArray(documents) ? documents[1] : undefined;
  if (second !== undefined) {
    const message = 'a second YAML document: the file holds exactly one';
    problems.push({ position: at(second.range[0]), path: [], message });
  }
  if (document === undefined) problems.push({ position: at(0), path: [], message: 'the file is empty' });
  if (document === undefined || broken.length > 0 || second !== undefined) {
    return { yaml: { value: undefined, position: () => at(0) }, problems };
  }
  substitute(document, env, (node, message) => {
    problems.push({ position: at(node.range?.[0] ?? 0), path: pathOf(document, node), message });
  });
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 16 });
  } catch (error) {
    problems.push({ position: at(0), path: [], message: messageOf(error) });
  }
  return { yaml: { value, position: (path) => at(offsetOf(document, path)) }, problems };
}

/** Where the key at `path` begins. If it is missing: where the value begins that should hold it. */
function offsetOf(document: Document, path: ConfigPath): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (pair === undefined) break;
      offset = (pair.key as Scalar).range?.[0] ?? offset;
      node = pair.value;
    } else if (isNode(node) && 'items' in node) {
      const item: unknown = (node.items as unknown[])[Number(step)];
      if (!isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else break;
  }
  return offset;
}
