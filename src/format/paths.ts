// Under which keys do the objects of an archive lie?
export type Encoding = 'zstd' | 'gzip';
export type DataKeyParts = {
  readonly chain: string;
  readonly partition: number;
  readonly sealedMs: number;
  readonly sequence: number;
  /** 64 hex digits: of the stored bytes. */
  readonly sha256: string;
  readonly encoding: Encoding;
};
export type ParsedKey =
  | {
      readonly kind: 'data';
      readonly chain: string;
      readonly partition: number;
      /** YYYY-MM-DD */
      readonly date: string;
      readonly sequence: number;
      readonly sha256: string;
      readonly encoding: Encoding;
    }
  | { readonly kind: 'seal'; readonly chain: string; readonly partition: number; readonly sequence: number }
  | { readonly kind: 'key'; readonly spkiSha256: string }
  | { readonly kind: 'format'; readonly sha256: string };
export const sealsRoot = 'seals/';
export const dataRoot = 'data/';
export function dataKey(_parts: DataKeyParts): string {
  throw new Error('being written');
}
export function sealKey(_chain: string, _partition: number, _sequence: number): string {
  throw new Error('being written');
}
export function sealPrefix(_chain: string, _partition: number): string {
  throw new Error('being written');
}
export function dataPrefix(_chain: string, _partition: number): string {
  throw new Error('being written');
}
export function keyKey(_spkiSha256Hex: string): string {
  throw new Error('being written');
}
export function formatKey(_sha256Hex: string): string {
  throw new Error('being written');
}
/** null: foreign. */
export function parseKey(_key: string): ParsedKey | null {
  throw new Error('being written');
}
