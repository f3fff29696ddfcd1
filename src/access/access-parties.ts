// Which principals are the parties of an archive, by the names that infra gives their roles?
import { LedgerstoneError } from '../base/error.ts';
import type { AccessPrincipal } from './access-decision.ts';

/** As infra/README.md names them. `deployer`: what CloudFormation works as, of either account. */
const PARTIES = [
  ...([
    'archiver',
    'auditor',
    'key-admin',
    'break-glass',
    'officer',
    'approver',
    'hold-keeper',
    'copier',
  ] as const),
  ...(['drill', 'verifier', 'verifier-auditor', 'verifier-key-admin', 'verifier-break-glass'] as const),
  ...(['verifier-responder', 'deployer', 'verifier-deployer'] as const),
] as const;
export type Party = (typeof PARTIES)[number];

/** Everybody else: of the account that the resource lies in, that account itself, or another one. */
export type AccessRole = Party | 'others' | 'root' | 'another account';

const isOfVerifier = (party: Party): boolean => party.startsWith('verifier');

export type PartyNames = {
  /** The prefix of the roles' names. */
  readonly stack: string;
  /** The archive's, 12 digits. */
  readonly account: string;
  /** May be the same. */
  readonly verifierAccount: string;
  /** Further accounts whose people may take roles of parties. */
  readonly peopleAccounts: readonly string[];
  /** ARNs of roles that have other names. */
  readonly named: ReadonlyMap<Party, string>;
};

export function parseParty(name: string): Party {
  const found = PARTIES.find((party) => party === name);
  if (found === undefined)
    throw new LedgerstoneError('usage', `"${name}" is no party of an archive`, {
      disposition: 'input',
      remedy: `The parties are ${PARTIES.join(', ')}.`,
    });
  return found;
}

/** One principal may be several parties: both deployers in one account. */
export function partiesOf({ arn, kind }: Pick<AccessPrincipal, 'arn' | 'kind'>, names: PartyNames): Party[] {
  return PARTIES.filter((party) => {
    const given = names.named.get(party);
    if (given !== undefined) return given === arn;
    const account = isOfVerifier(party) ? names.verifierAccount : names.account;
    if (kind !== 'role' || arn.split(':')[4] !== account) return false;
    // Paths are no part of these names: infra makes the roles at the root.
    const role = arn.split(':role/')[1] ?? '';
    if (party === 'deployer' || party === 'verifier-deployer')
      return role.startsWith(`cdk-hnb659fds-cfn-exec-role-${account}-`);
    return role === `${names.stack}-${party}`;
  });
}
