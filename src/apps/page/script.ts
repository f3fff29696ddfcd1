// What does the page do in a browser? It takes what the process sends, and says when nothing comes any more.

/**
 * The text of the functions below, which know nothing of this file but each other. So there is nothing to
 * build, and what is checked here is what runs there.
 */
export const pageScript = (): string =>
  `'use strict';\n${[brought, renewed, aged, ageIn, standsStill, listens].map(String).join('\n')}\n${listens.name}();`;

/** Changes a node to be as another one, and no more: what is focused, scrolled or chosen stays so. */
function brought(node: Node, to: Node): void {
  if (node.nodeType !== to.nodeType || node.nodeName !== to.nodeName) {
    node.parentNode?.replaceChild(document.importNode(to, true), node);
    return;
  }
  if (!(node instanceof Element) || !(to instanceof Element)) {
    if (node.nodeValue !== to.nodeValue) node.nodeValue = to.nodeValue;
    return;
  }
  for (const { name } of [...node.attributes]) if (!to.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of [...to.attributes])
    if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  const [olds, news] = [[...node.childNodes], [...to.childNodes]];
  for (const old of olds.slice(news.length)) old.remove();
  news.forEach((child, index) => {
    const old = olds[index];
    if (old === undefined) node.appendChild(document.importNode(child, true));
    else brought(old, child);
  });
}

/** `parts`: HTML by part, of what has changed. A document that is parsed so runs nothing. */
function renewed(parts: Readonly<Record<string, string>>): void {
  for (const part of document.querySelectorAll('[data-part]')) {
    const html = parts[part.getAttribute('data-part') ?? ''];
    if (html === undefined) continue;
    const made = part.cloneNode(false) as Element;
    made.append(...new DOMParser().parseFromString(html, 'text/html').body.childNodes);
    brought(part, made);
  }
}

/** How long ago, beside each time in a table. */
function aged(nowMs: number): void {
  for (const cell of document.querySelectorAll('td.time')) {
    const ms = Date.parse((cell.textContent ?? '').trim().replace(' ', 'T'));
    if (Number.isNaN(ms)) cell.removeAttribute('data-age');
    else cell.setAttribute('data-age', ageIn(nowMs - ms));
  }
}

function ageIn(ms: number): string {
  const seconds = Math.abs(ms) / 1000;
  const [length, unit] =
    seconds < 120
      ? [seconds, 's']
      : seconds < 7200
        ? [seconds / 60, 'min']
        : seconds < 172_800
          ? [seconds / 3600, 'h']
          : [seconds / 86_400, 'd'];
  return `${Math.round(length)} ${unit} ${ms < 0 ? 'ahead' : 'ago'}`;
}

/** Said once, so that a screen reader says it once. Null: it is live. */
function standsStill(why: string | null): void {
  const said = document.getElementById('live');
  const text =
    why === null ? 'Live: it renews itself.' : `STALE: ${why} What is shown is as of the time above.`;
  document.body.classList.toggle('stale', why !== null);
  document.title = `${why === null ? '' : 'STALE: '}${document.title.replace(/^STALE: /, '')}`;
  if (said !== null && said.textContent !== text) said.textContent = text;
}

function listens(): void {
  // The process says something each five seconds.
  const [patienceMs, againMs] = [15_000, 10_000];
  let heardMs = Date.now();
  let source: EventSource | null = null;
  const lost = () => standsStill('nothing comes from the process.');
  const heard = ({ data }: MessageEvent<string>) => {
    const said = JSON.parse(data) as { at: string; build: string; parts?: Record<string, string> };
    if (said.build !== document.body.dataset['build']) return location.reload();
    heardMs = Date.now();
    const at = document.getElementById('as-of');
    at?.setAttribute('datetime', said.at);
    if (at !== null) at.textContent = said.at.replace('T', ' ').replace(/\.\d+Z$/, 'Z');
    if (said.parts !== undefined) renewed(said.parts);
    aged(Date.parse(said.at));
    standsStill(null);
  };
  const connect = () => {
    source = new EventSource('/live');
    source.onmessage = heard;
    source.onerror = () => {
      lost();
      // The server refused: the browser does not ask again by itself.
      if (source?.readyState === EventSource.CLOSED) setTimeout(connect, againMs);
    };
  };
  setInterval(() => {
    if (Date.now() - heardMs > patienceMs) lost();
  }, 1000);
  aged(Date.parse(document.body.dataset['at'] ?? ''));
  connect();
}
