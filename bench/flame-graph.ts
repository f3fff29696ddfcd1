// How does a CPU profile of V8 become a picture? A flame graph: https://www.brendangregg.com/flamegraphs.html

/** What is read of a .cpuprofile file (Chrome DevTools Protocol, Profiler.Profile). */
type Profile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
};

type Frame = { readonly name: string; micros: number; readonly children: Map<string, Frame> };

const WIDTH = 1600;
const ROW = 17;
/** Narrower frames are left out: nobody could read or hit them. */
const NARROWEST = 0.6;
const CHARACTER = 6.6;

/** One thread's profile as SVG: wide is long, what is called stands above its caller. Hover for the share. */
export function flameGraph(profile: Profile, title: string): string {
  const root = frames(profile);
  const rects: string[] = [];
  let deepest = 0;
  const draw = (frame: Frame, x: number, depth: number): void => {
    const width = (frame.micros / root.micros) * WIDTH;
    if (width < NARROWEST) return;
    deepest = Math.max(deepest, depth);
    rects.push(box(frame, x, depth, width, frame.micros / root.micros));
    let at = x;
    for (const child of [...frame.children.values()].sort((a, b) => a.name.localeCompare(b.name))) {
      draw(child, at, depth + 1);
      at += (child.micros / root.micros) * WIDTH;
    }
  };
  draw(root, 0, 0);
  const height = (deepest + 3) * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="monospace" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="6" y="14" font-size="13">${escaped(title)}: ${(root.micros / 1e6).toFixed(2)} s in which it had work (also while it waited for a core)</text>
<g transform="translate(0 ${height - ROW}) scale(1 -1)">
${rects.join('\n')}
</g>
</svg>
`;
}

/** The tree of calls, equal names of one caller together. Time in which the thread waited is left out. */
function frames({ nodes, samples, timeDeltas }: Profile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const callerOf = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const root: Frame = { name: 'all', micros: 0, children: new Map() };
  for (const [index, id] of samples.entries()) {
    const micros = timeDeltas[index] ?? 0;
    const stack: string[] = [];
    for (let at: number | undefined = id; at !== undefined; at = callerOf.get(at)) {
      const frame = byId.get(at)?.callFrame;
      if (frame !== undefined && frame.functionName !== '(root)') stack.push(nameOf(frame));
    }
    if (stack[0] === '(idle)') continue;
    let frame = root;
    frame.micros += micros;
    for (const name of stack.reverse()) {
      const child = frame.children.get(name) ?? { name, micros: 0, children: new Map() };
      frame.children.set(name, child);
      child.micros += micros;
      frame = child;
    }
  }
  return root;
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const file = url.split('/').slice(-2).join('/');
  const name = functionName === '' ? '(anonymous)' : functionName;
  return file === '' ? name : `${name} ${file}:${lineNumber + 1}`;
}

function box({ name, micros }: Frame, x: number, depth: number, width: number, share: number): string {
  const y = depth * ROW;
  const room = Math.floor((width - 4) / CHARACTER);
  const label = room < 3 ? '' : name.length > room ? `${name.slice(0, room - 1)}…` : name;
  const words = `${escaped(name)} (${(share * 100).toFixed(1)} %, ${(micros / 1000).toFixed(0)} ms)`;
  const text =
    label === ''
      ? ''
      : `<text transform="translate(${(x + 3).toFixed(1)} ${y + 5}) scale(1 -1)">${escaped(label)}</text>`;
  const rect = [
    `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}"`,
    `fill="${colour(name)}"/>`,
  ].join(' ');
  return `<g>${rect}${text}<title>${words}</title></g>`;
}

/** Ours, libraries, Node itself and V8 have colours of their own. */
function colour(name: string): string {
  if (/ (src|[a-z-]+)\/[\w-]+\.ts:/.test(name)) return '#f4a259';
  if (name.includes('node:') || name.includes('internal/')) return '#8cb369';
  if (name.startsWith('(')) return '#c9c9c9';
  return '#5b8e9d';
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
