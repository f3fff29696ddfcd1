// Which values does the YAML text hold, where is each, and which come from the environment?
import {
  type Alias,
  type Document,
  type ErrorCode,
  isAlias,
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
      const source = node.value;
      node.value = source.replace(VARIABLE, (whole, name: string | undefined) => {
        if (whole === '$${') return '${';
        if (name === undefined) {
          report(node, `has "\${" without a name: write \${NAME}, or $\${ for the two characters themselves`);
          return whole;
        }
        const value = env[name];
        if (value === undefined || value === '') {
          const state = value === '' ? 'empty' : 'not set';
          // Within a longer text it may be a part of a password with these characters in it.
          const isWhole = source === `\${${name}}`;
          report(
            node,
            isWhole
              ? `needs the environment variable ${name}, which is ${state}`
              : [
                  `has \${NAME} within its text, and that environment variable is ${state}: set it, or write`,
                  `$\${ for the two characters themselves`,
                ].join(' '),
          );
        }
        return value ?? '';
      });
    },
  });
}

const QUOTE = 'put the value into single quotes if this is a part of it';
const ALIAS = `an alias (*name) without its anchor (&name): ${QUOTE}`;

/** In our words: those of the parser repeat the text, and the text may be a password. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: ALIAS,
  BAD_ALIAS: ALIAS,
  BAD_DIRECTIVE: 'a directive (%…) that YAML does not know',
  BAD_DQ_ESCAPE: 'a \\ within double quotes that begins no escape: use single quotes',
  BAD_INDENT: 'the indentation does not fit, or a closing ] or } is missing',
  BAD_PROP_ORDER: 'an anchor (&name) or tag (!name) at the wrong place',
  BAD_SCALAR_START: `a value can't begin with this character: ${QUOTE}`,
  BLOCK_AS_IMPLICIT_KEY: `a second "key:" on one line: ${QUOTE}`,
  DUPLICATE_KEY: 'the same key twice',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters',
  MISSING_CHAR: 'a character is missing here, such as a closing quote, a comma or the colon after a key',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines, or the colon after it is missing',
  MULTIPLE_ANCHORS: `two anchors (&name) of one value: ${QUOTE}`,
  MULTIPLE_TAGS: `two tags (!name) of one value: ${QUOTE}`,
  NON_STRING_KEY: 'a key must be text',
  TAB_AS_INDENT: 'a tab as indentation: use spaces',
  TAG_RESOLVE_FAILED: `a tag (!name) that is not known: ${QUOTE}`,
  UNEXPECTED_TOKEN: `more text than a value has: ${QUOTE}`,
};
const wordsOf = (code: ErrorCode): string => WORDS[code] ?? 'this is not YAML';

function unresolvedAliases(document: Document): Alias[] {
  const anchors = new Set<string>();
  const unresolved: Alias[] = [];
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        if (!anchors.has(node.source)) unresolved.push(node);
      } else if (node.anchor !== undefined) anchors.add(node.anchor);
    },
  });
  return unresolved;
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
  for (const { pos, code } of [...twice, ...broken]) {
    const hint =
      broken.length > 0 && text.includes('${') ? ` (inside { } and [ ] put \${NAME} into quotes)` : '';
    problems.push({ position: at(pos[0]), path: [], message: `${wordsOf(code)}${hint}` });
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
  const unresolved = unresolvedAliases(document);
  for (const node of unresolved)
    problems.push({ position: at(node.range?.[0] ?? 0), path: [], message: ALIAS });
  let value: unknown;
  try {
    value = unresolved.length > 0 ? undefined : document.toJS({ maxAliasCount: 16 });
  } catch {
    problems.push({ position: at(0), path: [], message: 'its aliases (*name) stand for too much' });
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
