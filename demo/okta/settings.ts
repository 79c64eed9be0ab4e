import type { Wording } from './wording.js';

/** Switches of a whole org: where Okta's documents disagree, or orgs differ, both behaviours can be had. */
export interface OrgSettings {
  /** Okta is rewording its messages: which ones this org uses. */
  wording: Wording;
  /** Custom authorization servers need API Access Management; without it they answer 401 E0000015. */
  apiAccessManagement: boolean;
  /**
   * Code flow at the org authorization server: all claims in the ID token, or few there and the rest in
   * userinfo.
   */
  idToken: 'fat' | 'thin';
  /**
   * More than 100 groups in the claim: Okta's documents say both that it fails and that the code flow has no
   * limit.
   */
  groupsOver100: 'error' | 'all';
  /** Whether each ID token carries `sid`, or only those of apps that take part in single logout. */
  sid: 'all' | 'slo';
  /**
   * Whether a client_secret_basic header may be form-encoded (RFC 6749 section 2.3.1) or is taken as it is.
   */
  basicCredentials: 'either' | 'raw';
  /** Requests a minute that the API answers before it says 429. */
  rateLimit: number;
  /** Buttons below the sign-in box that sign a sample person in with one click. Nobody's Okta has them. */
  quickSignIn: boolean;
}

export const DEFAULT_SETTINGS: Readonly<OrgSettings> = {
  wording: 'old',
  apiAccessManagement: true,
  idToken: 'fat',
  groupsOver100: 'all',
  sid: 'slo',
  basicCredentials: 'either',
  rateLimit: 600,
  quickSignIn: false,
};
