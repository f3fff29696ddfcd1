// `npm run fuzz`: does the kernel agree with the way without it, on as many inputs as ten minutes hold?
import { parseArgs } from 'node:util';
import { Kernel } from '../../src/kernel/kernel.ts';
import { KernelFuzz } from './kernel-fuzz.ts';

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, seed: { type: 'string' } },
});
const kernel = Kernel.open();
if (kernel === null) throw new Error('this host has no WebAssembly with SIMD: there is nothing to compare');
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
console.log(`seed ${seed}`);
console.log(new KernelFuzz(kernel, seed).run(Number(values.seconds)));
