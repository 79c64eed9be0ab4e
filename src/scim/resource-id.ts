import { isUuid, type GroupId, type UserId } from '../core/ids.js';

/** Whether a text of a request has the form of a user's id: in any other it is nobody's. */
export function isUserId(text: string): text is UserId {
  return isUuid(text);
}

/** As `isUserId`, of a group's. */
export function isGroupId(text: string): text is GroupId {
  return isUuid(text);
}
