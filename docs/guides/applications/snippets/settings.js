export const ISSUER = 'https://login.acme.example/t/acme';
export const CLIENT_ID = 'notes';
export const SCOPE = 'openid profile email offline_access';
