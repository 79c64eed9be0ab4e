/** Who somebody is at an upstream, and what it says of them now, after every check. */
export interface UpstreamPerson {
  /** Issuer of the ID Token, byte for byte the connection's. */
  readonly issuer: string;
  /** The upstream's subject: 1 to 255 characters, no control characters, compared byte for byte. */
  readonly subject: string;
  /** The value of the connection's join claim; undefined when the token has none. */
  readonly joinValue: string | undefined;
  readonly profile: UpstreamProfile;
  /** undefined: the claim was absent, which says nothing; an empty list: no groups. */
  readonly groups: readonly UpstreamGroup[] | undefined;
}

/** What an upstream said of a person at one sign-in, after every check. */
export interface UpstreamIdentity extends UpstreamPerson {
  readonly acr: string | undefined;
  readonly amr: readonly string[] | undefined;
  /** Seconds since the epoch. */
  readonly authTime: number | undefined;
  /** The upstream's own name for its session: `sid`, else the ID Token's `jti`. */
  readonly sessionReference: string | undefined;
  /** The upstream's `idp` claim, for the audit event. */
  readonly idp: string | undefined;
  /** Seconds since the epoch after which the upstream wants the person to sign in again (IPSIE `session_expiry`). */
  readonly sessionExpiry: number | undefined;
  /** Kept sealed with the session, because Okta's logout needs it. */
  readonly idToken: string;
}

export interface UpstreamGroup {
  /** The upstream's id of the group, where the claim holds objects. */
  readonly id: string | undefined;
  readonly name: string;
}

/** Standard claims as the upstream gave them (OpenID Connect Core 5.1); strings are plain text of at most 1,000 characters. */
export interface UpstreamProfile {
  readonly userName: string | undefined;
  readonly name: string | undefined;
  readonly givenName: string | undefined;
  readonly familyName: string | undefined;
  readonly middleName: string | undefined;
  readonly nickname: string | undefined;
  readonly email: string | undefined;
  /** Only the boolean `true` counts. */
  readonly emailVerified: boolean;
  readonly locale: string | undefined;
  readonly zoneinfo: string | undefined;
  readonly phoneNumber: string | undefined;
  readonly picture: string | undefined;
}
