import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import { findPerson, type Person } from './account.js';
import { devicePrompt } from './device-flow.js';
import { UnitOfWork } from './unit-of-work.js';

const { Check, Prompt, base } = interactionPolicy;

/**
 * When a request can't be answered at once. The library's rules, but for four: people who may not use the application
 * are refused before anything is issued (B13); an application that asks for an assurance level gets one of those it
 * named (A12), and one that means people of one customer gets nobody else (E4); native applications aren't asked for
 * consent each time.
 */
export function createPolicy(): interactionPolicy.DefaultPolicy {
  const policy = base();
  policy.get('consent')?.checks.remove('native_client_prompt');
  policy
    .get('login')
    ?.checks.add(
      new Check(
        'acr_values',
        'none of the requested assurance levels was obtained',
        'login_required',
        (ctx) => (needsStrongerSignIn(ctx) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT),
      ),
    );
  policy
    .get('login')
    ?.checks.add(
      new Check(
        'organization',
        'the person who is signed in is of another organization',
        'login_required',
        async (ctx) =>
          (await isOfAnotherOrganization(ctx)) ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    );
  policy.add(
    new Prompt(
      { name: 'refused', requestable: false },
      new Check('not_assigned', 'not_assigned', 'access_denied', (ctx) => isRefused(ctx, 'not_assigned')),
      new Check('no_role', 'no_role', 'access_denied', (ctx) => isRefused(ctx, 'no_role')),
    ),
    1,
  );
  policy.add(devicePrompt(), 2);
  return policy;
}

/** A sign-in that was just made has been checked by the relying party, which knows what each level is worth. */
function needsStrongerSignIn(ctx: KoaContextWithOIDC): boolean {
  const asked = ctx.oidc.params?.['acr_values'];
  if (typeof asked !== 'string' || ctx.oidc.result?.login !== undefined) return false;
  const { acr } = ctx.oidc;
  return ctx.oidc.session?.accountId !== undefined && (acr === undefined || !asked.split(' ').includes(acr));
}

/** An application for a tenant's customers may say whose people it means (E4); who has just signed in was chosen by that. */
async function isOfAnotherOrganization({ oidc }: KoaContextWithOIDC): Promise<boolean> {
  const { params, client, session, result } = oidc;
  const asked = params?.['organization'];
  const unit = UnitOfWork.current;
  const application = unit.tenant.application(client?.clientId ?? '');
  if (typeof asked !== 'string' || application?.settings.audience !== 'tenant-and-customers') return false;
  if (session?.accountId === undefined || result?.login !== undefined) return false;
  return (await unit.home(session.accountId))?.slug !== asked;
}

async function isRefused(ctx: KoaContextWithOIDC, reason: Person['refusal']): Promise<boolean> {
  const { client, session } = ctx.oidc;
  const application =
    client === undefined ? undefined : UnitOfWork.current.tenant.application(client.clientId);
  if (application === undefined || session?.accountId === undefined) return Check.NO_NEED_TO_PROMPT;
  const person = await findPerson(session.accountId, application);
  return person?.refusal === reason ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT;
}
