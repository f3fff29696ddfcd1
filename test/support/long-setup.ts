// Who says at the end of a run which test files it left out?
import { leftOut, leftOutText } from './long.ts';

export function setup(): () => void {
  const text = leftOutText(leftOut(process.argv.slice(2), process.env));
  return () => {
    if (text !== null) console.log(`\n${text}\n`);
  };
}
