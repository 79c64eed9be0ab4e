/** How long an application's secret of before goes on, where nobody says. */
export const OVERLAP_SECONDS_DEFAULT = 7 * 86_400;

/** Two secrets that work are two that may leak: a month is enough for any roll-out. */
export const OVERLAP_SECONDS_MAX = 30 * 86_400;
