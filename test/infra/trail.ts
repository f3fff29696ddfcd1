// Would CloudTrail log this call with that trail, and would EventBridge then match it to that rule?
import { matches } from './event-pattern.ts';

type Record = {
  readonly eventCategory: string;
  readonly readOnly: boolean;
  readonly resources?: readonly { readonly type?: string; readonly ARN?: string }[] | null;
  readonly [member: string]: unknown;
};
type FieldSelector = {
  readonly Field: string;
  readonly Equals?: readonly string[];
  readonly StartsWith?: readonly string[];
};
type Trail = {
  readonly AdvancedEventSelectors: readonly { readonly FieldSelectors: readonly FieldSelector[] }[];
};

/** One of the selectors must hold, with all its fields. Throws on a field or operator that it does not know. */
export const isLogged = ({ AdvancedEventSelectors }: Trail, record: Record): boolean =>
  AdvancedEventSelectors.some(({ FieldSelectors }) => FieldSelectors.every((field) => holds(field, record)));

function holds({ Field, Equals, StartsWith, ...more }: FieldSelector, record: Record): boolean {
  if (Object.keys(more).length > 0) throw new Error(`unknown operators ${Object.keys(more)}`);
  const values = valuesOf(Field, record);
  return values.some(
    (value) =>
      Equals?.includes(value) === true || StartsWith?.some((start) => value.startsWith(start)) === true,
  );
}

function valuesOf(field: string, { eventCategory, readOnly, resources }: Record): string[] {
  switch (field) {
    case 'eventCategory':
      return [eventCategory];
    case 'readOnly':
      return [String(readOnly)];
    case 'resources.type':
      return (resources ?? []).flatMap(({ type }) => type ?? []);
    case 'resources.ARN':
      return (resources ?? []).flatMap(({ ARN }) => ARN ?? []);
    default:
      throw new Error(`unknown field ${field}`);
  }
}

export type Rule = { readonly id: string; readonly Properties: Readonly<{ [member: string]: unknown }> };

/** A rule that is only ENABLED gets no management event that is read-only. */
export function isMatched({ Properties }: Rule, event: object): boolean {
  const { EventPattern, State } = Properties;
  if (State !== 'ENABLED' && State !== 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS') return false;
  const { detail } = event as { detail: Partial<Record> & { managementEvent?: boolean } };
  const isHidden = detail.managementEvent === true && detail.readOnly === true && State === 'ENABLED';
  return !isHidden && matches(EventPattern, event);
}
