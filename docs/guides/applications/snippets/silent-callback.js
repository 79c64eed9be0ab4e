import { users } from './single-page.js';

// On /silent-callback, in the hidden frame: hands the answer to the page around it.
await users.signinSilentCallback();
