// placeholder
import type { Stage } from './stage.ts';
export async function stackStage(_d: string, _e: NodeJS.ProcessEnv): Promise<Stage> {
  throw new Error('soon');
}
