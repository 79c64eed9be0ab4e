/** The console as an application of each tenant (F1): built in, so no configuration may use the name. */
export const CONSOLE_CLIENT_ID = 'causeway-console';
