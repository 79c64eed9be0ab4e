import { deactivate } from './deactivation.js';
import { importAll } from './import.js';
import { pagesByCursor, pagesByIndex } from './pages.js';
import type { ScimFlow } from './scim-flow.js';
import { addMember, addMemberBySize, create, lookUp } from './sizes.js';

/** Every SCIM flow that is measured, in the order of the table. */
export const SCIM_FLOWS: readonly ScimFlow[] = [
  create,
  lookUp,
  addMember,
  addMemberBySize,
  pagesByIndex,
  pagesByCursor,
  importAll,
  deactivate,
];
