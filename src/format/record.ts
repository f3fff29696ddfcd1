// Where are the lines of a data object: their types, their writer, their reader? The door to line,
// line-writer and line-reader.
export type {
  GapLine,
  GapReason,
  Header,
  KafkaRecord,
  Line,
  LineRun,
} from './line.ts';
export { decodeLine } from './line-reader.ts';
export { LineScanner, scanLine } from './line-scanner.ts';
export { encodeEntry, encodeGap, LineWriter } from './line-writer.ts';
