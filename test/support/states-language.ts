// How does a test follow a state machine as AWS Step Functions would? The few states and members that ours has: any other
// one is an error, so that nothing of a template is passed over.

type Json = unknown;
type State = Readonly<Record<string, Json>> & { readonly Type: string };
export type Machine = {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  readonly TimeoutSeconds?: number;
  readonly Comment?: string;
  readonly ProcessorConfig?: Json;
};

export type World = {
  readonly name: string;
  readonly startedAt: string;
  /** A function's answer to a payload. Its error's name is what `Retry` names. */
  readonly invoke: (functionArn: string, payload: Json) => Promise<Json>;
  /** The bytes of an object. */
  readonly getObject: (bucket: string, key: string) => Promise<Uint8Array>;
};

export type Execution =
  | { readonly status: 'SUCCEEDED'; readonly output: Json }
  | { readonly status: 'FAILED'; readonly error: string; readonly cause: string };

/** Step Functions takes no more between two states. */
const PAYLOAD_BYTES_MAX = 256 * 1024;

const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  Task: [
    ...['Type', 'Resource', 'Parameters', 'TimeoutSeconds', 'Retry', 'ResultSelector', 'OutputPath'],
    ...['Next', 'End'],
  ],
  Map: [
    ...['Type', 'Label', 'MaxConcurrency', 'ToleratedFailurePercentage', 'ItemReader', 'ItemSelector'],
    ...['ItemProcessor', 'ResultPath', 'Next'],
  ],
  Choice: ['Type', 'Choices', 'Default'],
  Succeed: ['Type'],
  Fail: ['Type', 'Error', 'Cause'],
};

class Failed extends Error {
  readonly error: string;
  constructor(error: string, cause: string) {
    super(cause);
    this.error = error;
  }
}

/** Retries are made at once: nobody waits. */
export async function execute(machine: Machine, world: World, input: Json = {}): Promise<Execution> {
  const context = { Execution: { Name: world.name, StartTime: world.startedAt } };
  try {
    return { status: 'SUCCEEDED', output: await follow(machine, world, input, context) };
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    return { status: 'FAILED', error: error.error, cause: error.message };
  }
}

async function follow(machine: Machine, world: World, input: Json, context: Json): Promise<Json> {
  let at: string | null = machine.StartAt;
  let data = input;
  while (at !== null) {
    const state: State | undefined = machine.States[at];
    if (state === undefined) throw new TypeError(`no state ${at}`);
    const unknown = Object.keys(state).filter((name) => !MEMBERS[state.Type]?.includes(name));
    if (unknown.length > 0) throw new TypeError(`${at}: ${state.Type} with ${unknown.join(', ')}`);
    if (state.Type === 'Succeed') return data;
    if (state.Type === 'Fail') throw new Failed(String(state['Error']), String(state['Cause']));
    if (state.Type === 'Choice') {
      at = chosen(state, data);
      continue;
    }
    data =
      state.Type === 'Task'
        ? await runTask(state, world, data, context)
        : await runMap(state, world, data, context);
    if (JSON.stringify(data).length > PAYLOAD_BYTES_MAX)
      throw new Failed('States.DataLimitExceeded', `after ${at}`);
    at = state['End'] === true ? null : String(state['Next']);
  }
  return data;
}

function chosen({ Choices, Default }: State, data: Json): string {
  for (const choice of Choices as readonly Readonly<Record<string, string>>[]) {
    const { Variable = '', StringEquals, Next = '', ...others } = choice;
    if (Object.keys(others).length > 0 || StringEquals === undefined)
      throw new TypeError('a choice of another kind');
    if (pathValue(Variable, data) === StringEquals) return Next;
  }
  return String(Default);
}

async function runTask(state: State, world: World, data: Json, context: Json): Promise<Json> {
  if (state['Resource'] !== 'arn:aws:states:::lambda:invoke')
    throw new TypeError(`a task of ${state['Resource']}`);
  const { FunctionName, Payload } = filled(state['Parameters'], data, context) as Record<string, Json>;
  const payload = JSON.parse(JSON.stringify(Payload)) as Json;
  const tries = new Map<object, number>();
  for (;;) {
    try {
      const answer = JSON.parse(JSON.stringify(await world.invoke(String(FunctionName), payload))) as Json;
      const result = { ExecutedVersion: '$LATEST', StatusCode: 200, Payload: answer };
      const selected =
        state['ResultSelector'] === undefined ? result : filled(state['ResultSelector'], result, context);
      return state['OutputPath'] === undefined ? selected : pathValue(String(state['OutputPath']), selected);
    } catch (error) {
      if (!(error instanceof Error) || error instanceof TypeError) throw error;
      const retriers = state['Retry'] as readonly { ErrorEquals: readonly string[]; MaxAttempts: number }[];
      const retrier = retriers.find(
        ({ ErrorEquals: names }) => names.includes(error.name) || names.includes('States.ALL'),
      );
      const made = retrier === undefined ? 0 : (tries.get(retrier) ?? 0);
      if (retrier === undefined || made >= retrier.MaxAttempts) throw new Failed(error.name, error.message);
      tries.set(retrier, made + 1);
    }
  }
}

async function runMap(state: State, world: World, data: Json, context: Json): Promise<Json> {
  const reader = state['ItemReader'] as Readonly<Record<string, Json>>;
  const config = reader['ReaderConfig'] as Readonly<Record<string, Json>>;
  if (reader['Resource'] !== 'arn:aws:states:::s3:getObject' || config['InputType'] !== 'JSON')
    throw new TypeError('an item reader of another kind');
  const { Bucket, Key } = filled(reader['Parameters'], data, context) as Record<string, string>;
  const items = JSON.parse(
    new TextDecoder().decode(await world.getObject(String(Bucket), String(Key))),
  ) as Json;
  if (!Array.isArray(items)) throw new Failed('States.ItemReaderFailed', 'no list of items');
  const processor = state['ItemProcessor'] as Machine;
  if (JSON.stringify(processor.ProcessorConfig) !== '{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"}')
    throw new TypeError('a map of another kind');
  if (state['ToleratedFailurePercentage'] !== 0) throw new TypeError('a map that tolerates failures');
  const outputs: Json[] = [];
  let failed = 0;
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, value] of waiting) {
      const of = { ...(context as object), Map: { Item: { Index: index, Value: value as Json } } };
      const child = filled(state['ItemSelector'], data, of);
      // A child is an execution of its own, with another name.
      const own = { Execution: { Name: `child-${index}`, StartTime: '2000-01-01T00:00:00.000Z' } };
      try {
        outputs[index] = await follow(processor, world, child, own);
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
        failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: Number(state['MaxConcurrency']) }, worker));
  if (failed > 0)
    throw new Failed('States.ExceedToleratedFailureThreshold', `${failed} of ${items.length} items`);
  if (JSON.stringify(outputs).length > PAYLOAD_BYTES_MAX)
    throw new Failed('States.DataLimitExceeded', 'answers of items');
  if (state['ResultPath'] !== null) throw new TypeError('a map that keeps its result');
  return data;
}

/** Members that end with `.$` are paths. */
function filled(template: Json, data: Json, context: Json): Json {
  if (Array.isArray(template)) return template.map((one) => filled(one, data, context));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => {
      if (!name.endsWith('.$')) return [name, filled(value, data, context)];
      const path = String(value);
      const [from, rest] = path.startsWith('$$') ? [context, path.slice(1)] : [data, path];
      return [name.slice(0, -2), pathValue(rest, from)];
    }),
  );
}

function pathValue(path: string, from: Json): Json {
  if (!/^\$(?:\.[A-Za-z]+)*$/.test(path)) throw new TypeError(`a path of another kind: ${path}`);
  let value = from;
  for (const name of path.split('.').slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      throw new Failed('States.Runtime', `nothing at ${path}`);
    value = (value as Readonly<Record<string, Json>>)[name];
  }
  return value;
}
