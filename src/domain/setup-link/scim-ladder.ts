import {
  SETUP_COUNTED_MAX,
  toldCheck,
  type RefusedCall,
  type ScimSeen,
  type SetupCheck,
} from './setup-status.js';

/** Nothing for so long is worth a word. */
const QUIET_MS = 60_000;

/** What a refused token was, for the admin who pasted it. */
const REFUSED: Readonly<Record<RefusedCall['fault'] | 'revoked', string>> = {
  missing: 'A call came without a token.',
  mistyped: 'A call came with a token that was cut or mistyped: its checksum is wrong.',
  other_kind: 'A call came with a token that opens something else than SCIM.',
  not_ours: 'A call came with something that is no token of this deployment.',
  expired: 'A call came with a token that has expired.',
  revoked: 'A call came with a token that was revoked or replaced.',
  unknown: "A call came with another tenant's token.",
};

const THREE_CAUSES =
  'Nothing has arrived yet. Three usual causes: the credentials were tested but not saved; the base URL is another one than this page shows; Federation Broker Mode is on, which hides provisioning.';

/** The ladder of provisioning, rung by rung, as the flow of SCIM requests shows it. */
export function scimLadder(
  seen: ScimSeen,
  told: {
    /** When the link's holder was told a token; null: never. */
    readonly tokenAt: Date | null;
    /** Ids of tokens that the link made and replaced. */
    readonly replaced: readonly string[];
    readonly now: Date;
  },
): readonly SetupCheck[] {
  return [
    tokenRung(seen, told),
    testRung(seen),
    ...peopleRungs(seen),
    groupRung(seen),
    deactivationRung(seen),
  ].map(toldCheck);
}

type Rung = Omit<SetupCheck, 'cure'>;
const rung = (id: string, status: Rung['status'], seen: string, more: Partial<Rung> = {}): Rung => ({
  id,
  step: 'provisioning',
  status,
  seen,
  ...more,
});
const at = (date: Date | null): Partial<Rung> => (date === null ? {} : { at: date });

function tokenRung(
  { refused, tokenUsedAt, lastRequestAt }: ScimSeen,
  { tokenAt, replaced, now }: Parameters<typeof scimLadder>[1],
): Rung {
  const usedAt = lastRequestAt ?? tokenUsedAt;
  if (refused !== null && (usedAt === null || refused.at > usedAt)) {
    const wasOurs = refused.wasOurs || (refused.tokenId !== null && replaced.includes(refused.tokenId));
    const what = refused.fault === 'unknown' && wasOurs ? 'revoked' : refused.fault;
    return rung('scim_token', 'failed', `${REFUSED[what]} Paste the token again.`, {
      at: refused.at,
      cause: 'scim_bad_token',
      facts: { fault: what },
    });
  }
  if (usedAt !== null) return rung('scim_token', 'passed', 'A call came with a good token.', at(usedAt));
  if (tokenAt === null) return rung('scim_token', 'not_tried', 'No token has been made yet.');
  if (now.getTime() - tokenAt.getTime() < QUIET_MS)
    return rung('scim_token', 'waiting', "Waiting for Okta's first call.");
  return rung('scim_token', 'warning', THREE_CAUSES, { cause: 'scim_no_traffic' });
}

function testRung({ usersReadAt, people }: ScimSeen): Rung {
  if (usersReadAt === null && people === 0)
    return rung('scim_credentials', 'waiting', 'Press Test API Credentials in Okta, then Save.');
  return rung('scim_credentials', 'passed', 'Okta has tested its credentials.', at(usersReadAt));
}

function peopleRungs({ people, withoutEmail }: ScimSeen): readonly Rung[] {
  if (people === 0)
    return [
      rung('scim_person', 'waiting', 'Nobody has been created yet. Assign somebody to the app.'),
      rung('scim_attributes', 'not_tried', 'Told as soon as somebody has been created.'),
    ];
  const number = many(people, 'person', 'people');
  const complete =
    withoutEmail === 0
      ? rung('scim_attributes', 'passed', `${capital(number)} came with an e-mail address.`)
      : rung(
          'scim_attributes',
          'warning',
          `${counted(withoutEmail)} of ${number} came without e-mail: Provisioning → To App → mappings.`,
        );
  return [rung('scim_person', 'passed', `${capital(number)} came by SCIM.`), complete];
}

function groupRung({ groups, emptyGroups }: ScimSeen): Rung {
  const [empty] = emptyGroups;
  if (groups === 0) return rung('scim_group', 'waiting', 'No group has been pushed yet: Push Groups.');
  if (empty !== undefined)
    return rung(
      'scim_group',
      'warning',
      `Group ${empty} came empty: its members aren't assigned to this app.`,
      {
        facts: { groups: emptyGroups.join(', ') },
      },
    );
  return rung('scim_group', 'passed', `${capital(many(groups, 'group', 'groups'))} came with members.`);
}

function deactivationRung({ inactive, deactivatedAt }: ScimSeen): Rung {
  if (inactive === 0 && deactivatedAt === null)
    return rung('scim_deactivation', 'waiting', 'Unassign a test person to prove that access ends.');
  return rung('scim_deactivation', 'passed', 'Somebody was switched off.', at(deactivatedAt));
}

const counted = (count: number): string =>
  count >= SETUP_COUNTED_MAX ? `${SETUP_COUNTED_MAX} or more` : String(count);
const many = (count: number, one: string, several: string): string =>
  `${counted(count)} ${count === 1 ? one : several}`;
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
