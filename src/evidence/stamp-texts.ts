// What does a time-stamp of a checkpoint show, in words? For the command line and the page.
import { timeText } from '../format/time.ts';
import type { StampResult } from '../verify/stamp-proof.ts';
import type { PackageStamp } from './check-stamps.ts';
import { filled } from './filled.ts';

export type StampTexts = {
  readonly shown: string;
  readonly accuracy: string;
  readonly renewedOnce: string;
  readonly renewed: string;
  readonly otherRoot: string;
  /** Where the reader named none. */
  readonly noRoot: string;
  readonly ended: string;
  readonly none: string;
  readonly unread: string;
  readonly bad: string;
};

const ENGLISH: StampTexts = {
  shown: [
    'existed by {time}{accuracy} according to {authority}, under the root you gave ({root}, SHA-256 {hash}){renewed},',
    'until {until} this stamp shows it; whether a certificate was revoked was not looked at',
  ].join(' '),
  accuracy: ' (give or take {seconds} s)',
  renewedOnce: ', renewed once',
  renewed: ', renewed {count} times',
  otherRoot: 'its stamp by {authority} leads to none of the roots you gave: it shows nothing about time',
  noRoot:
    'its stamp names {authority}, whom nobody vouches for without its root certificate: it shows nothing about time',
  ended: 'its stamp by {authority} ended at {time}, not renewed: it shows nothing about time',
  none: 'no time-stamp in this package: its time is that of the archive, and of a second party that has cosigned it',
  unread: 'its time-stamp was not read',
  bad: 'what is here is no time-stamp of it',
};

const GERMAN: StampTexts = {
  shown: [
    'bestand spätestens {time}{accuracy} laut {authority}, unter der Wurzel, die Sie angegeben haben ({root}, SHA-256',
    '{hash}){renewed}; bis {until} zeigt das dieser Stempel; ob ein Zertifikat widerrufen wurde, wurde nicht geprüft',
  ].join(' '),
  accuracy: ' (auf {seconds} s genau)',
  renewedOnce: ', einmal erneuert',
  renewed: ', {count}-mal erneuert',
  otherRoot:
    'sein Stempel von {authority} führt zu keiner der Wurzeln, die Sie angegeben haben: Über Zeit zeigt er nichts',
  noRoot:
    'sein Stempel nennt {authority}, wofür ohne deren Wurzelzertifikat niemand einsteht: Über Zeit zeigt er nichts',
  ended: 'sein Stempel von {authority} endete {time} und wurde nicht erneuert: Über Zeit zeigt er nichts',
  none: 'kein Zeitstempel in diesem Paket: Die Zeit ist die des Archivs und einer zweiten Partei, die mitsigniert hat',
  unread: 'sein Zeitstempel wurde nicht gelesen',
  bad: 'was hier liegt, ist kein Zeitstempel davon',
};

export const STAMP_TEXTS = { en: ENGLISH, de: GERMAN } as const;

/** What is shown, or why nothing is. From outside: not yet printable. */
export function stampSentence(
  texts: StampTexts,
  result: StampResult | PackageStamp['result'],
  hasRoots: boolean,
): string {
  switch (result.kind) {
    case 'shown': {
      const { byMs, accuracyMs, authority, root, renewals, untilMs } = result;
      const accuracy =
        accuracyMs === null ? '' : filled(texts.accuracy, { seconds: String(accuracyMs / 1000) });
      const many = renewals === 1 ? texts.renewedOnce : filled(texts.renewed, { count: String(renewals) });
      return filled(texts.shown, {
        ...{ time: timeText(byMs), accuracy, authority, root: root.name, hash: root.sha256 },
        ...{ renewed: renewals === 0 ? '' : many, until: timeText(untilMs) },
      });
    }
    case 'unknown-root':
      return filled(hasRoots ? texts.otherRoot : texts.noRoot, { authority: result.authority });
    case 'ended':
      return filled(texts.ended, { authority: result.authority, time: timeText(result.endedMs) });
    case 'none':
    case 'unread':
    case 'bad':
      return texts[result.kind];
  }
}

/** For programs. */
export const stampJson = (result: StampResult | PackageStamp['result']) =>
  result.kind === 'shown'
    ? {
        ...{ kind: result.kind, existedBy: timeText(result.byMs), accuracyMs: result.accuracyMs },
        ...{ authority: result.authority, root: result.root, renewals: result.renewals },
        shownUntil: timeText(result.untilMs),
      }
    : { ...result, ...('endedMs' in result && { endedMs: undefined, endedAt: timeText(result.endedMs) }) };
