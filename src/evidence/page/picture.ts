// How does one event lead to the signature, as a picture?
import { toHex } from '../../base/bytes.ts';
import type { Sha256 } from '../../base/hash.ts';
import { type EventProof, parseEventProof } from '../../format/event-proof.ts';
import { parseManifest } from '../../format/manifest-bytes.ts';
import { leafHash } from '../../merkle/tree.ts';
import type { CheckedChain, CheckedEvent } from '../check-chain.ts';
import { filled } from '../filled.ts';
import { element, svg } from './elements.ts';
import type { Words } from './words.ts';

type Step = {
  readonly head: string;
  readonly hash: string;
  readonly kind: 'event' | 'plain' | 'signed';
  /** Hashes that are taken in on the way up to this box. */
  readonly neighbours: readonly Uint8Array[];
};

const [WIDTH, BOX_WIDTH, BOX_HEIGHT, GAP, SIDE] = [640, 400, 54, 46, 430];
const NEIGHBOURS_SHOWN = 3;
const NAME_SHOWN = 54;

/** Null where the proof can't be read: what is wrong is a finding. */
export function wayPicture(
  event: CheckedEvent,
  proofBytes: Uint8Array | undefined,
  { signedBy }: CheckedChain,
  words: Words,
  sha256: Sha256,
): HTMLElement | null {
  let proof: EventProof;
  try {
    proof = parseEventProof(proofBytes ?? new Uint8Array(0));
  } catch {
    return null;
  }
  const steps = stepsOf(event, proof, words, sha256);
  const name = signedBy[0]?.name ?? null;
  const isSigned = name !== null && event.isProven;
  const signature: Step = {
    head: isSigned ? words.waySigned : words.wayNotSigned,
    hash: isSigned ? name : '',
    ...{ kind: isSigned ? ('signed' as const) : ('plain' as const), neighbours: [] },
  };
  const all = [...steps, signature];
  const height = all.length * (BOX_HEIGHT + GAP) - GAP + 20;
  const drawn = all.flatMap((step, index) =>
    box(step, height - 10 - BOX_HEIGHT - index * (BOX_HEIGHT + GAP), words, index),
  );
  const label = all.map(({ head, hash }) => (hash === '' ? head : `${head}: ${hash}`)).join('; ');
  return element(
    'div',
    { class: 'picture' },
    svg(
      'svg',
      { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': `${words.wayTitle}: ${label}` },
      ...drawn,
    ),
  );
}

function stepsOf(event: CheckedEvent, proof: EventProof, words: Words, sha256: Sha256): Step[] {
  const { manifestBytes, linePath, path, index, signed } = proof;
  let [size, root] = ['?', ''];
  try {
    const { entries } = parseManifest(manifestBytes);
    [size, root] = [String(entries.size), entries.root];
  } catch {
    // Its own text is not a manifest: the finding says so.
  }
  const number = String(index);
  return [
    {
      ...{ head: `${words.wayEvent} ${event.shown.offset}`, kind: 'event' as const, neighbours: [] },
      hash: toHex(leafHash(sha256, event.line)),
    },
    { head: filled(words.waySegment, { number, size }), hash: root, kind: 'plain', neighbours: linePath },
    {
      ...{ head: filled(words.wayManifest, { number }), kind: 'plain' as const, neighbours: [] },
      hash: toHex(leafHash(sha256, manifestBytes)),
    },
    {
      head: filled(words.wayCheckpoint, { size: String(signed.checkpoint.size) }),
      hash: toHex(signed.checkpoint.root),
      ...{ kind: 'plain' as const, neighbours: path },
    },
  ];
}

/** A box, the arrow that leads to it from below, and the hashes that come in from the side. */
function box({ head, hash, kind, neighbours }: Step, top: number, words: Words, index: number): SVGElement[] {
  const middle = 10 + BOX_WIDTH / 2;
  const rect = { x: '10', y: `${top}`, width: `${BOX_WIDTH}`, height: `${BOX_HEIGHT}`, rx: '6' };
  const textY = hash === '' ? top + BOX_HEIGHT / 2 + 5 : top + 22;
  const drawn = [
    svg('rect', { ...rect, class: kind }),
    svg('text', { x: '24', y: `${textY}`, class: 'head' }, head),
    ...(hash === '' ? [] : [svg('text', { x: '24', y: `${top + 41}`, class: 'mono' }, shortHash(hash))]),
  ];
  if (index === 0) return drawn;
  const from = top + BOX_HEIGHT + GAP;
  const to = top + BOX_HEIGHT;
  drawn.push(
    svg('path', {
      d: `M ${middle} ${from} V ${to + 2} M ${middle - 5} ${to + 9} L ${middle} ${to + 2} L ${middle + 5} ${to + 9}`,
    }),
  );
  if (neighbours.length === 0) return drawn;
  const y = to + GAP / 2;
  drawn.push(svg('path', { d: `M ${SIDE} ${y} H ${middle + 4}` }));
  const shown = neighbours.slice(0, NEIGHBOURS_SHOWN);
  const lines = [
    filled(words.wayNeighbours, { count: String(neighbours.length) }),
    `${shown.map((one) => toHex(one).slice(0, 6)).join(' ')}${neighbours.length > shown.length ? ' …' : ''}`,
  ];
  drawn.push(
    svg('rect', {
      x: `${SIDE}`,
      y: `${y - 20}`,
      width: `${WIDTH - SIDE - 10}`,
      height: '40',
      rx: '4',
      class: 'neighbour',
    }),
    svg('text', { x: `${SIDE + 8}`, y: `${y - 4}` }, lines[0] ?? ''),
    svg('text', { x: `${SIDE + 8}`, y: `${y + 12}`, class: 'mono' }, lines[1] ?? ''),
  );
  return drawn;
}

/** Of the name of a key as much as there is room for. */
function shortHash(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return `${text.slice(0, 24)} … ${text.slice(-12)}`;
  return text.length > NAME_SHOWN ? `${text.slice(0, 30)} … ${text.slice(-20)}` : text;
}
