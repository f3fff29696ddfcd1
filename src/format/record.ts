// Where are the lines of a data object: their types, their writer, their reader? The door to line, line-writer and line-reader.
export { isJsonText } from './json-text.ts';
export {
  GAP_REASONS,
  type GapLine,
  type GapReason,
  type Header,
  type KafkaRecord,
  type Line,
} from './line.ts';
export { decodeLine } from './line-reader.ts';
export { LineScanner, scanLine } from './line-scanner.ts';
export { encodeEntry, encodeGap, LineWriter } from './line-writer.ts';
