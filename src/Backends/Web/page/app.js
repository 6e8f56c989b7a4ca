import { startCalls } from './call.js';
import { toggleLanguage, translatePage } from './i18n.js';
import { secureAddress } from './problems.js';
import { startVoice } from './voice.js';

translatePage();
document.getElementById('lang').addEventListener('click', toggleLanguage);

if (!window.isSecureContext) {
  const link = document.getElementById('secure-link');
  link.href = link.textContent = secureAddress();
  document.getElementById('secure-warning').hidden = false;
}

startVoice();
startCalls();
