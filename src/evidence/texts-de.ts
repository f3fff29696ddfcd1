// What does the check of a package say to people, in German?
import { SAMPLE_TEXTS } from './sample-texts.ts';
import { STAMP_TEXTS } from './stamp-texts.ts';
import type { Texts } from './texts.ts';

export const GERMAN: Texts = {
  event: 'Ereignis',
  events: 'Ereignisse',
  gapLine: 'Lückenzeile',
  gapLines: 'Lückenzeilen',
  and: 'und',
  offsets: 'die Offsets {offsets} von {chain}',
  range: {
    record: 'Zeit des Eintrags von {from} bis vor {to}',
    event: 'Zeit des Ereignisses von {from} bis vor {to}',
    sealed: 'archiviert von {from} bis vor {to}',
  },
  sample: SAMPLE_TEXTS.de,
  stamp: STAMP_TEXTS.de,
  findings: {
    'file-changed': '{path} ist nicht die Datei, die exportiert wurde: Ihr Inhalt wurde geändert.',
    'file-missing': '{path} fehlt.',
    'signature-bad':
      'Die Dateiliste wurde geändert, nachdem sie signiert war, oder ihre Signatur wurde ersetzt: Sie gilt nicht.',
    'line-bad': 'Zeile {line} von {path} ist keine Zeile eines Archivs: Sie wurde geändert oder hinzugefügt.',
    'line-changed': [
      'Das Ereignis am Offset {offsets} von {chain} ist nicht, was archiviert wurde: Zeile {line} von {path}',
      'wurde geändert.',
    ].join(' '),
    'line-order': 'Zeile {line} von {path} steht in der falschen Reihenfolge.',
    'proof-bad': [
      'Das Ereignis am Offset {offset} von {chain} ist nicht, was archiviert wurde, oder sein Beweis',
      'gehört nicht dazu ({code}).',
    ].join(' '),
    'event-without-proof':
      'Das Ereignis am Offset {offset} von {chain} hat keinen Beweis: Vielleicht wurde es hinzugefügt.',
    'proof-without-event': '{path} beweist ein Ereignis, das nicht im Paket ist: Es wurde herausgenommen.',
    'event-missing': 'Nach Offset {offsets} von {chain} war gefragt, und das Paket enthält ihn nicht.',
    'event-not-asked':
      'Nach dem Ereignis am Offset {offset} von {chain} war nicht gefragt: Es wurde hinzugefügt.',
    'not-drawn':
      'Der Startwert zieht das Ereignis am Offset {offset} von {chain} nicht: Sein Rang ist ein anderer.',
    'sample-differs': 'Die Ziehung passt nicht zu ihrer eigenen Regel ({what}): Sie wurde geändert.',
    'checkpoint-bad': '{path} ist kein Checkpoint dieser Kette: {why}.',
    'cosignature-bad': 'Die Mitsignatur von {by} unter dem Checkpoint von {chain} gilt nicht.',
    'cosignature-unchecked':
      'Die Mitsignatur von {by} unter dem Checkpoint von {chain} konnte hier nicht geprüft werden.',
    'stamp-bad': 'Der Zeitstempel des Checkpoints von {chain} ist keiner davon: {why}.',
    'stamp-missing':
      'Der Checkpoint von {chain} hat keinen Zeitstempel: Bis wann er bestand, ist nicht gezeigt.',
    'stamp-not-shown': [
      'Der Zeitstempel des Checkpoints von {chain} hält unter der Wurzel nicht, die Sie angegeben haben: Über Zeit',
      'zeigt er nichts.',
    ].join(' '),
    'table-differs': [
      'Die Tabelle events.csv sagt nicht, was die archivierten Zeilen sagen: Sie wurde geändert. Auch',
      'eine Tabellenkalkulation, die sie speichert, ändert sie.',
    ].join(' '),
    'statement-differs': 'Die Angabe passt nicht zu den Ereignissen ({what}): Eines davon wurde geändert.',
    'protocol-differs':
      'Das Protokoll passt nicht zu den Ereignissen oder zur Dateiliste ({what}): Eines davon wurde geändert.',
    'manifest-missing': 'Es gibt keine manifest.dsse.json: Das ist kein Paket, oder nicht das ganze.',
    'manifest-unreadable':
      'Die Dateiliste, manifest.dsse.json, lässt sich nicht lesen: Nichts wurde geprüft.',
    'newer-version':
      'Eine neuere Version hat dieses Paket oder sein Archiv gemacht: Prüfen Sie es mit jener.',
    'zip-not-a-zip': 'Das ist kein Paket als Zip-Datei: {why}.',
    'zip-cut': [
      'Die Datei ist abgeschnitten, wie von einem Download, der abbrach: {why}. Nichts wurde geprüft.',
      'Holen Sie sie noch einmal.',
    ].join(' '),
    'zip-foreign': [
      'Diese Zip-Datei ist nicht, wie sie exportiert wurde, und Programme könnten verschiedene Dateien darin',
      'finden ({why}). Nichts darin wurde geprüft, sie kann also gefälscht sein. Holen Sie das Original, oder',
      'entpacken Sie sie und prüfen Sie den Ordner.',
    ].join(' '),
    'zip-repacked': [
      'Ein anderes Programm hat diese Zip-Datei gepackt, oder sie wurde geändert: {why}. Was in ihren Dateien',
      'gefunden wurde, steht auch hier.',
    ].join(' '),
    'zip-damaged': 'Die Zip-Datei ist beschädigt: {why}. Nichts wurde geprüft. Holen Sie sie noch einmal.',
    'line-ends': [
      'Die Zeilenenden von {path} wurden geändert, wie E-Mail und Editoren es tun. Der Text ist sonst,',
      'was exportiert wurde.',
    ].join(' '),
    'byte-order-mark': [
      'Vor {path} wurde eine Byte-Reihenfolge-Marke gesetzt, wie Editoren es tun. Der Text ist sonst,',
      'was exportiert wurde.',
    ].join(' '),
    're-formatted':
      '{path} wurde von einem Programm neu formatiert. Es sagt in anderer Form, was exportiert wurde.',
    swapped: [
      '{path} wurde durch eine andere Datei ersetzt. Der eigene Inhalt steht in {other}: Die Dateien',
      'haben ihre Plätze getauscht.',
    ].join(' '),
    renamed: '{path} heißt hier anders: {other}.',
    'file-extra': '{path} gehört nicht zum Paket. Diese Datei wurde nicht geprüft.',
    'keys-unreadable': '{path} enthält keine Schlüssel, die sich lesen lassen.',
    'search-incomplete': 'Die Suche hat nicht alles angesehen: Die Angabe sagt, was ausgelassen wurde.',
    unsigned: [
      'Niemand hat die Dateiliste signiert: Wer das Paket erstellt hat, wonach gefragt war und warum,',
      'dafür steht niemand ein.',
    ].join(' '),
    'other-key':
      'Die Ereignisse von {chain} sind mit einem anderen Schlüssel signiert als dem, dem Sie vertrauen.',
    'own-key':
      'Die Ereignisse von {chain} sind mit einem Schlüssel signiert, der nicht in der Schlüsseldatei steht.',
    'other-signer': 'Die Dateiliste ist mit einem anderen Schlüssel signiert als dem, den Sie gegeben haben.',
  },
  verdict: {
    green: [
      '{lines} in diesem Paket: alles genau so, wie es archiviert und signiert wurde, und nichts,',
      'wonach gefragt war, fehlt: {asked}.',
    ].join(' '),
    key: [
      'Wem die Schlüssel gehören, sagt nur das Paket: Vergleichen Sie sie. Wenn sie stimmen, ist alles genau so,',
      'wie es archiviert und signiert wurde ({lines}), und nichts, wonach gefragt war, fehlt: {asked}.',
    ].join(' '),
    greenSearch: [
      '{lines} in diesem Paket: alles genau so, wie es archiviert und signiert wurde. Dass es alle sind,',
      'die gesucht waren, sagt, wer die Dateiliste signiert hat.',
    ].join(' '),
    keySearch: [
      'Wem die Schlüssel gehören, sagt nur das Paket: Vergleichen Sie sie. Wenn sie stimmen, ist alles genau so,',
      'wie es archiviert und signiert wurde ({lines}). Dass es alle sind, die gesucht waren, sagt, wer das Paket',
      'erstellt hat.',
    ].join(' '),
    greenSample: [
      '{lines} in diesem Paket: alles genau so, wie es archiviert und signiert wurde, und jedes wird nach der',
      'Regel vom Startwert gezogen. Was die Grundgesamtheit ist, und dass kein anderer Eintrag darin einen',
      'niedrigeren Rang hat, kann nur das Archiv zeigen: Hier sagt es, wer die Dateiliste signiert hat.',
    ].join(' '),
    keySample: [
      'Wem die Schlüssel gehören, sagt nur das Paket: Vergleichen Sie sie. Wenn sie stimmen, ist alles genau so,',
      'wie es archiviert und signiert wurde ({lines}), und wird nach der Regel vom Startwert gezogen. Was die',
      'Grundgesamtheit ist, und dass kein anderer Eintrag darin einen niedrigeren Rang hat, kann nur das Archiv',
      'zeigen: Hier sagt es, wer das Paket erstellt hat.',
    ].join(' '),
    greenNone: [
      'Die Suche fand kein Ereignis: Das sagt dieses Paket, und es enthält keines. Dass in den Ketten bis zu den',
      'Checkpoints unten nichts gefunden wurde, sagt, wer die Dateiliste signiert hat; diese Checkpoints hat das',
      'Archiv signiert.',
    ].join(' '),
    keyNone: [
      'Wem die Schlüssel gehören, sagt nur das Paket: Vergleichen Sie sie. Die Suche fand kein Ereignis: Das sagt',
      'dieses Paket, und es enthält keines. Dass in den Ketten bis zu den Checkpoints unten nichts gefunden wurde,',
      'sagt, wer das Paket erstellt hat; wenn die Schlüssel stimmen, hat das Archiv diese Checkpoints signiert.',
    ].join(' '),
    unsignedNone: [
      'Niemand hat die Dateiliste signiert: Wonach gefragt war, von wem und warum, und dass nichts gefunden wurde,',
      'dafür steht niemand ein. Dieses Paket enthält kein Ereignis.',
    ].join(' '),
    unsigned: [
      'Niemand hat die Dateiliste signiert: Wonach gefragt war, von wem und warum, dafür steht niemand ein.',
      '{lines} in diesem Paket: alles genau so, wie es archiviert und signiert wurde.',
    ].join(' '),
    unsignedOpen: [
      'Niemand hat die Dateiliste signiert: Wonach gefragt war, von wem und warum, dafür steht niemand ein. Und',
      'wer die Ereignisse signiert hat, sagt nur das Paket: Vergleichen Sie den Schlüssel. Wenn er stimmt, ist',
      'alles genau so, wie es archiviert und signiert wurde ({lines}).',
    ].join(' '),
    repaired: [
      'Dateien sind nicht so hier, wie sie exportiert wurden: siehe unten. Davon abgesehen ist alles genau so, wie',
      'es archiviert und signiert wurde ({lines}).',
    ].join(' '),
    repairedOpen: [
      'Dateien sind nicht so hier, wie sie exportiert wurden: siehe unten. Und wer die Ereignisse signiert hat, sagt',
      'nur das Paket: Vergleichen Sie den Schlüssel. Wenn er stimmt, ist davon abgesehen alles genau so, wie es',
      'archiviert und signiert wurde ({lines}).',
    ].join(' '),
    open: 'Ob diese Ereignisse sind, was archiviert wurde, lässt sich nicht sagen: siehe unten.',
    nothing: 'Nichts wurde geprüft: siehe unten.',
    red: 'Dieses Paket ist nicht, was archiviert wurde, oder nicht, was es von sich selbst sagt.',
  },
  noTime: 'Bis wann es bestand, ist nicht gezeigt, obwohl Sie eine Stelle angegeben haben: siehe unten.',
  notProven: [
    [
      'Dass ein Ereignis wahr ist. Was falsch geschickt wurde, wurde archiviert, wie es geschickt',
      'wurde, und was nie geschickt wurde, ist nicht hier.',
    ].join(' '),
    [
      'Warum nach diesen Ereignissen gefragt wurde, und ob andere wichtiger sind. Wer das Paket',
      'erstellt hat, hat sie gewählt.',
    ].join(' '),
    'Wem der Schlüssel gehört. Das kann nur sagen, wer es weiß: Vergleichen Sie seine Ziffern am Telefon.',
    'Die Zeiten. Jede ist nach einer Uhr: der von Absender, Archivierer, Mitsignierendem oder Stempelstelle.',
    'Was mit dem Archiv nach dem Checkpoint geschah, zu dem die Beweise führen.',
  ],
};
