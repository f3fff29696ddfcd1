// Is the package that the reader gives to this page what was archived? Runs in a browser, from a file, alone.
import { messageOf } from '../../base/error.ts';
import { portableSha256 } from '../../base/hash.ts';
import type { VerifySignature } from '../../verify/trust.ts';
import { checkPackage, notOpened, type PackageCheck } from '../check.ts';
import type { CheckedEvent } from '../check-chain.ts';
import { filled } from '../filled.ts';
import type { OpenedZip } from '../foreign-zip.ts';
import { OwnTimes } from '../own-time.ts';
import { verdictSentence } from '../texts.ts';
import { ZipError } from '../zip.ts';
import { chosen, type Dropped, droppedOn } from './dropped.ts';
import { element } from './elements.ts';
import { EventsView, IS_UTC, localTime, utcTime } from './events-view.ts';
import { wayPicture } from './picture.ts';
import { browserVerifier } from './signatures.ts';
import { type ChosenRoots, NO_ROOTS, rootsIn, stampReaderWith, stampsSection } from './stamps-view.ts';
import { aboutSection, keysSection, type View, verdictSection } from './verdict-view.ts';
import { LANGUAGES, type Language, type Words } from './words.ts';

/** Events between two breaths: a page that does not breathe looks dead. */
const EVENTS_AT_ONCE = 50;
const NO_KEYS = { log: null, cosigners: null, signers: null };

class Page {
  readonly #root: HTMLElement;
  readonly #confirmed = new Set<string>();
  #language: Language = navigator.language.toLowerCase().startsWith('de') ? 'de' : 'en';
  #status = '';
  #checked: { readonly check: PackageCheck; readonly opened: OpenedZip } | null = null;
  #roots: ChosenRoots = NO_ROOTS;
  #events: EventsView | null = null;
  #verifier: Promise<VerifySignature> | null = null;
  #turn = 0;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#draw();
    // Wherever it is dropped: else a browser would open the file in this page's place.
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
      document.querySelector('.drop')?.classList.add('over');
    });
    document.addEventListener('dragleave', () => document.querySelector('.drop')?.classList.remove('over'));
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      document.querySelector('.drop')?.classList.remove('over');
      if (event.dataTransfer !== null)
        void droppedOn(event.dataTransfer).then((dropped) => this.#open(dropped));
    });
    window.addEventListener('beforeprint', () => this.#events?.forPrint(true));
    window.addEventListener('afterprint', () => this.#events?.forPrint(false));
  }

  get #words(): Words {
    return LANGUAGES[this.#language].words;
  }

  get #view(): View {
    return { ...LANGUAGES[this.#language], confirmed: this.#confirmed };
  }

  async #open(dropped: Dropped | null): Promise<void> {
    if (dropped === null) return;
    const turn = ++this.#turn;
    const { name } = dropped;
    this.#checked = null;
    this.#confirmed.clear();
    this.#roots = NO_ROOTS;
    this.#draw();
    this.#say(filled(this.#words.reading, { name }));
    let opened: OpenedZip = { files: new Map(), packedAgain: null };
    let check: PackageCheck;
    try {
      opened = await dropped.files();
      check = await this.#check(opened);
    } catch (error) {
      if (!(error instanceof ZipError)) {
        this.#say(filled(this.#words.unreadable, { name, why: messageOf(error) }));
        return;
      }
      check = notOpened(`zip-${error.fault}`, error.message);
    }
    if (turn !== this.#turn) return;
    this.#checked = { check, opened };
    this.#status = filled(this.#words.done, { name });
    this.#draw();
    document.getElementById('verdict')?.focus();
  }

  async #check({ files, packedAgain }: OpenedZip): Promise<PackageCheck> {
    this.#verifier ??= browserVerifier();
    let count = 0;
    const onEvent = async () => {
      if (++count % EVENTS_AT_ONCE !== 0) return;
      this.#say(filled(this.#words.checking, { count: String(count) }));
      await new Promise((resolve) => setTimeout(resolve, 0));
    };
    const verifySignature = await this.#verifier;
    return checkPackage(files, {
      ...{ given: NO_KEYS, sha256: portableSha256, packedAgain, verifySignature, onEvent },
      stamps: stampReaderWith(this.#roots),
    });
  }

  /** What was checked before is checked again, with the roots that the reader has chosen since. */
  async #chooseRoots(file: File): Promise<void> {
    if (this.#checked === null) return;
    const turn = ++this.#turn;
    const { opened } = this.#checked;
    this.#roots = await rootsIn(file);
    const check = await this.#check(opened);
    if (turn !== this.#turn) return;
    this.#checked = { check, opened };
    this.#draw();
    document.getElementById('stamps')?.focus();
  }

  #say(text: string): void {
    this.#status = text;
    const status = document.getElementById('status');
    if (status !== null) status.textContent = text;
  }

  #draw(): void {
    const words = this.#words;
    document.documentElement.lang = this.#language;
    document.title = words.title;
    this.#root.replaceChildren(
      this.#header(),
      element('main', {}, element('p', {}, words.intro), this.#dropZone(), ...this.#result()),
      element('footer', {}, words.thisPage),
      element('p', { id: 'announced', class: 'announced', role: 'status' }),
    );
  }

  #header(): HTMLElement {
    const buttons = (Object.keys(LANGUAGES) as Language[]).map((language) =>
      element(
        'button',
        {
          ...{ type: 'button', lang: language, id: `language-${language}` },
          'aria-pressed': String(language === this.#language),
          onclick: () => {
            this.#language = language;
            this.#draw();
            document.getElementById(`language-${language}`)?.focus();
          },
        },
        LANGUAGES[language].words.language,
      ),
    );
    return element(
      'header',
      {},
      element('h1', {}, this.#words.title),
      element('div', { class: 'languages' }, ...buttons),
    );
  }

  #dropZone(): HTMLElement {
    const words = this.#words;
    const choose = (id: string, label: string, attributes: Readonly<Record<string, string | boolean>>) =>
      element(
        'label',
        { class: 'button' },
        label,
        element('input', {
          ...{ type: 'file', class: 'hidden-input', id },
          ...attributes,
          onchange: (event) => {
            const { files } = event.target as HTMLInputElement;
            if (files !== null) void this.#open(chosen(files));
          },
        }),
      );
    return element(
      'section',
      { class: 'drop' },
      element('p', {}, element('strong', {}, words.drop)),
      element('p', { class: 'soft' }, words.whyDrop),
      element(
        'div',
        { class: 'choices' },
        choose('zip', words.chooseZip, { accept: '.zip,application/zip' }),
        choose('folder', words.chooseFolder, { webkitdirectory: true }),
      ),
      element('p', { id: 'status', role: 'status' }, this.#status),
    );
  }

  #result(): (HTMLElement | null)[] {
    if (this.#checked === null) return [];
    const { check } = this.#checked;
    const view = this.#view;
    const events = check.chains.flatMap((chain) => chain.events);
    const detail = element('div', { id: 'event' });
    this.#events =
      events.length === 0
        ? null
        : new EventsView({ events, ownTimes: ownTimesOf(check) }, view.words, (event) =>
            this.#show(event, detail),
          );
    return [
      verdictSection(check, view),
      aboutSection(check, view),
      keysSection(check.keys, view, (hash, isConfirmed) => this.#confirm(hash, isConfirmed)),
      stampsSection(check.stamps, view, this.#roots, (file) => void this.#chooseRoots(file)),
      this.#events?.section ?? null,
      detail,
      element(
        'section',
        { 'aria-labelledby': 'bounds-head' },
        element('h2', { id: 'bounds-head' }, view.words.notProven),
        element('ul', {}, ...view.texts.notProven.map((text) => element('li', {}, text))),
      ),
    ];
  }

  #confirm(hash: string, isConfirmed: boolean): void {
    if (this.#checked === null) return;
    if (isConfirmed) this.#confirmed.add(hash);
    else this.#confirmed.delete(hash);
    const { check } = this.#checked;
    document.getElementById('verdict')?.replaceWith(verdictSection(check, this.#view));
    const announced = document.getElementById('announced');
    if (announced !== null) announced.textContent = verdictSentence(this.#view.texts, check, this.#confirmed);
  }

  #show(event: CheckedEvent, into: HTMLElement): void {
    if (this.#checked === null) return;
    const { check, opened } = this.#checked;
    const { words } = this.#view;
    const { shown } = event;
    const chain = check.chains.find((one) => one.events.includes(event));
    const way = chain && wayPicture(event, opened.files.get(event.proofPath), chain, words, portableSha256);
    const own = ownTimesOf(check).of(event.chain, shown);
    const clock = shown.clock === 'broker' ? words.clockBroker : words.clockProducer;
    const local = (ms: number): string => (IS_UTC ? '' : `, ${localTime(ms)}`);
    const time = (ms: number, by: string) => `${utcTime(ms)}${local(ms)} (${by})`;
    into.replaceChildren(
      element(
        'section',
        { 'aria-labelledby': 'event-head' },
        element(
          'h2',
          { id: 'event-head', tabindex: '-1' },
          filled(words.event, { offset: String(shown.offset) }),
        ),
        own === null
          ? null
          : element('p', {}, `${words.ownTimeWritten}: ${own.text}${own.hasMore ? ' …' : ''}`),
        shown.timeMs === null ? null : element('p', {}, time(shown.timeMs, clock)),
        event.archivedAt === null
          ? null
          : element(
              'p',
              {},
              `${words.archivedAt}: ${time(Date.parse(event.archivedAt), words.clockArchiver)}`,
            ),
        element('p', { class: 'soft' }, words.asArchived),
        element('pre', { tabindex: '0' }, new TextDecoder().decode(event.line)),
        way === undefined || way === null ? null : element('h3', {}, words.wayTitle),
        way === undefined || way === null ? null : element('p', {}, words.wayIntro),
        way ?? null,
      ),
    );
    document.getElementById('event-head')?.focus();
  }
}

const ownTimesOf = ({ statement }: PackageCheck): OwnTimes => new OwnTimes(statement?.ownTime ?? []);

const root = document.getElementById('page');
if (root !== null) new Page(root);
