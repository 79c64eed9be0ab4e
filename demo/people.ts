import type { DemoOrgKey } from './okta/demo-orgs.js';

/** Somebody to sign in as, and what to expect. */
interface DemoPerson {
  readonly tenant: DemoOrgKey;
  readonly username: string;
  readonly expect: string;
}

/** The people of both orgs; the orgs know their passwords. */
export const PEOPLE: readonly DemoPerson[] = [
  { tenant: 'acme', username: 'ada.byron@acme.example', expect: 'Engineering, so admin' },
  { tenant: 'acme', username: 'linus.berg@acme.example', expect: 'Engineering, so admin' },
  { tenant: 'acme', username: 'grace.hall@acme.example', expect: 'Support, so viewer' },
  {
    tenant: 'acme',
    username: 'cleo.marsh@acme.example',
    expect: 'no role: Dashboards says no, Notes lets her in',
  },
  {
    tenant: 'acme',
    username: 'new.hire@acme.example',
    expect: 'not assigned in Okta: nobody lets them in',
  },
  { tenant: 'globex', username: 'maria.silva@globex.example', expect: 'Finance, so admin' },
  {
    tenant: 'globex',
    username: 'hank.scorpio@globex.example',
    expect: 'no mapped group, so viewer by default',
  },
];
