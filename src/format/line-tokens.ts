// Which bytes stand between the values of an entry's line? In this order, and no others. (FORMAT.md: lines)
import { utf8 } from '../base/bytes.ts';

export const OFFSET = utf8('{"offset":');
export const GAP = utf8(',"gap":');
export const TIMESTAMP = utf8(',"timestamp":');
export const APPEND = utf8(',"timestampType":"append"');
export const KEY = utf8(',"key":"');
export const KEY_BASE64 = utf8(',"keyBase64":"');
export const HEADERS = utf8(',"headers":[');
export const VALUE = utf8(',"value":');
export const TEXT = utf8(',"text":"');
export const BASE64 = utf8(',"base64":"');
/** Inside of headers. */
export const OBJECT_BASE64 = utf8('{"base64":"');
export const NULL = utf8('null');
