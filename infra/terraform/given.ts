// What does a resource of a CloudFormation template say, and was all of it taken?

type Members = Readonly<Record<string, unknown>>;

export type CfnResource = {
  readonly Type: string;
  readonly Properties?: Members;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly [member: string]: unknown;
};

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Members of a template, each to be taken once. What nobody took would be lost on the way, so `done` throws. */
export class CfnMembers {
  readonly #members: Members;
  readonly #what: string;
  readonly #left: Set<string>;
  readonly #inner: CfnMembers[] = [];

  constructor(members: Members, what: string) {
    this.#members = members;
    this.#what = what;
    this.#left = new Set(Object.keys(members));
  }

  /** Undefined if it is not there. */
  take(name: string): unknown {
    this.#left.delete(name);
    return this.#members[name];
  }

  list(name: string): readonly unknown[] {
    const value = this.take(name) ?? [];
    if (!Array.isArray(value)) throw new Error(`${this.#what}.${name} is no list`);
    return value;
  }

  /** Undefined if it is not there. */
  inside(name: string): CfnMembers | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    if (!isMembers(value)) throw new Error(`${this.#what}.${name} has no members`);
    return this.#add(value, name);
  }

  each(name: string): readonly CfnMembers[] {
    return this.list(name).map((value, index) => {
      if (!isMembers(value)) throw new Error(`${this.#what}.${name}.${index} has no members`);
      return this.#add(value, `${name}.${index}`);
    });
  }

  /** What has only one value that can be translated. */
  expect(name: string, wanted: unknown): void {
    const value = this.take(name);
    if (JSON.stringify(value) !== JSON.stringify(wanted))
      throw new Error(`${this.#what}.${name} can't be written for Terraform: ${JSON.stringify(value)}`);
  }

  done(): void {
    const [left] = this.#left;
    if (left !== undefined)
      throw new Error(
        `${this.#what}.${left} can't be written for Terraform: infra/terraform does not know it`,
      );
    for (const inner of this.#inner) inner.done();
  }

  #add(members: Members, name: string): CfnMembers {
    const inner = new CfnMembers(members, `${this.#what}.${name}`);
    this.#inner.push(inner);
    return inner;
  }
}
