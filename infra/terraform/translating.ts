// What does the translation of one resource get, and what may it do?
import type { Expressions } from './expressions.ts';
import type { CfnMembers } from './given.ts';

export type TerraformBlock = Readonly<Record<string, unknown>>;

export type Translating = {
  readonly id: string;
  readonly stack: string;
  readonly given: CfnMembers;
  readonly to: Pick<Expressions, 'value' | 'text' | 'json'> & {
    optional(value: unknown): string | undefined;
    texts(value: unknown): Readonly<Record<string, string>>;
  };
  /** Adds a resource of Terraform. `suffix`: where one of CloudFormation's is several of a type. */
  put(type: string, values: TerraformBlock, suffix?: string): void;
  /** A name that is given, or one that Terraform makes up of ours. */
  named(member: string, name: unknown): TerraformBlock;
};
export type Maker = (translating: Translating) => void;
