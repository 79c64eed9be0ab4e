/** Where a sealed value lives. It is authenticated, so a value moved to another row or tenant doesn't open. */
export interface SealedPlace {
  readonly tenantId: string;
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

/** Seals and opens one tenant's secrets. Implemented by `keys` with the tenant's data key. */
export interface Vault {
  seal(place: SealedPlace, text: string): string;
  /** @throws Error when it was sealed for another place, with another key, or altered. */
  open(place: SealedPlace, sealed: string): string;
}
