// What are chains and archives called?
/** Origin of the archive, chain name, partition. */
export type ChainId = { readonly origin: string; readonly chain: string; readonly partition: number };
export function isChainName(_text: string): boolean {
  throw new Error('being written');
}
/** Throws FormatError. */
export function parseChainName(_text: string): string {
  throw new Error('being written');
}
export function isOrigin(_text: string): boolean {
  throw new Error('being written');
}
export function isPartition(_value: number): boolean {
  throw new Error('being written');
}
/** `O/chain/partition`. Throws FormatError when a part is not what it must be. */
export function chainOrigin(_id: ChainId): string {
  throw new Error('being written');
}
/** The inverse. Throws FormatError. */
export function parseChainOrigin(_text: string): ChainId {
  throw new Error('being written');
}
