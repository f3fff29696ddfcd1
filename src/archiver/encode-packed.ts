// How do packed records become lines of a batch: by the kernel where there is one, or by unpacking them?
import { unpack } from '../ingest/pack.ts';
import { Kernel } from '../kernel/kernel.ts';
import type { BodyBuilder } from '../segment/body.ts';

/**
 * Adds all packed items to the batch. The kernel takes runs of records; a gap, a record that is too large for
 * it, and whatever is wrong, is unpacked here, one at a time. Throws as the builder does.
 */
export function encodePacked(
  kernel: Kernel | null,
  packed: Uint8Array<ArrayBuffer>,
  builder: BodyBuilder,
): void {
  if (kernel === null || packed.length > Kernel.inputBytesMax) {
    unpack(packed, builder);
    return;
  }
  kernel.load(packed);
  for (let at = 0; at < packed.length; ) {
    const run = kernel.run(at, builder.nextOffset, builder.blockRoom);
    builder.run(run);
    at = run.starts.length > 0 ? run.inputEnd : unpack(packed, builder, at, 1);
  }
}
