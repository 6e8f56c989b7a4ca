// Every text of the page, in both languages, and the choice between them.

const texts = {
  title: ['Voice and video', '语音与视频'],
  subtitle: ['Microphone and camera on one secure address', '安全使用麦克风与摄像头'],
  footer: ['Sample services behind the gateway. Nothing that you say or show is stored.', '网关后的示例服务，不保存您的声音与画面。'],

  insecureTitle: ['The microphone and the camera are blocked on this address', '此地址无法使用麦克风和摄像头'],
  insecureWhy: ['Browsers give a page the microphone and the camera only over a secure connection (HTTPS).', '浏览器只在安全连接（HTTPS）下才允许网页使用麦克风和摄像头。'],
  insecureOpen: ['Open the secure address instead:', '请改用安全地址：'],
  insecureTrust: ['If the browser distrusts its certificate, run this on the machine of the gateway:', '如果浏览器不信任证书，请在网关所在的机器上执行：'],
  insecurePhone: ['On another device, install the root certificate of the gateway in its settings.', '在其他设备上，请在系统设置中安装网关的根证书。'],

  callTitle: ['Video call', '视频通话'],
  callHint: ['Start the call, then speak. The answer comes when you pause.', '开始通话后直接说话，停顿时会收到回答。'],
  callStart: ['Start call', '开始通话'],
  callStop: ['Hang up', '挂断'],
  preview: ['Your camera', '您的摄像头画面'],
  framesSent: ['Frames sent', '已发送帧数'],
  listening: ['Listening …', '正在听…'],
  you: ['You', '您'],
  answer: ['Answer', '回答'],
  stateIdle: ['Not connected', '未连接'],
  stateConnecting: ['Connecting …', '连接中…'],
  stateReady: ['Connected', '已连接'],
  stateClosed: ['Call ended', '通话已结束'],
  stateError: ['Call failed', '通话失败'],

  sttTitle: ['Speech to text', '语音转文字'],
  record: ['Record', '录音'],
  recordHint: ['Press and speak; press again to see the text.', '点击后说话，再次点击即可看到文字。'],
  recordingHint: ['Recording … press again to finish.', '正在录音…再次点击结束。'],
  transcribing: ['Transcribing …', '正在识别…'],
  transcriptEmpty: ['The text appears here.', '识别结果显示在这里。'],
  nothingHeard: ['(no words)', '（没有识别到文字）'],
  file: ['or choose an audio file', '或选择一个音频文件'],

  ttsTitle: ['Text to speech', '文字转语音'],
  speakText: ['Text to speak', '要朗读的文字'],
  speakSample: ['Hello! This voice comes from the other side of the gateway.', '你好！这段语音来自网关的另一端。'],
  voice: ['Voice', '声音'],
  voiceAuto: ['Voice by language', '按语言选择声音'],
  speak: ['Speak', '朗读'],
  speaking: ['One moment …', '请稍候…'],

  denied: [
    'The browser refused the microphone or the camera.\nClick the icon beside the address, allow both for this site, and try again. On a phone also check the system settings of the browser.',
    '浏览器拒绝了麦克风或摄像头权限。\n请点击地址栏旁的图标，允许此网站使用，然后重试。手机上还请检查系统设置中浏览器的权限。'],
  noDevice: [
    'No microphone or camera was found.\nConnect one, check that it is switched on, and try again.',
    '没有找到麦克风或摄像头。\n请连接设备并确认已开启，然后重试。'],
  deviceBusy: [
    'The microphone or the camera is in use by another program.\nClose that program (a video conference, another tab) and try again.',
    '麦克风或摄像头正被其他程序占用。\n请关闭该程序（如视频会议或其他标签页），然后重试。'],
  deviceLost: [
    'The microphone or the camera was disconnected.\nConnect it and start the call again.',
    '麦克风或摄像头已断开。\n请重新连接后再次开始通话。'],
  insecure: [
    'This address is not secure, so the browser blocks the microphone and the camera.\nOpen {url}',
    '此地址不安全，浏览器禁止使用麦克风和摄像头。\n请打开 {url}'],
  oldBrowser: [
    'This browser cannot record or call.\nUse a current Chrome, Edge, Firefox or Safari.',
    '此浏览器不支持录音或通话。\n请使用新版 Chrome、Edge、Firefox 或 Safari。'],
  tooLarge: [
    'The recording is larger than the server accepts (413).\nMake it shorter, or raise Gateway:Limits:MaxRequestBodySize in gateway.json.',
    '录音超过服务器允许的大小（413）。\n请缩短录音，或在 gateway.json 中调大 Gateway:Limits:MaxRequestBodySize。'],
  unreachable: [
    'The service behind the gateway did not answer ({status}).\nCheck that it is running (dotnet run --project src/Backends) and try again.',
    '网关后的服务没有响应（{status}）。\n请确认服务正在运行（dotnet run --project src/Backends），然后重试。'],
  notRouted: [
    'Nothing answers at {url} (404).\nOpen this page through the gateway, which leads api/ and ws/ to their services.',
    '{url} 没有服务（404）。\n请通过网关打开此页面，由网关转发 api/ 和 ws/。'],
  refused: ['The service reports: {reason}', '服务返回：{reason}'],
  offline: [
    'The server could not be reached.\nCheck the network and that the gateway is running, then try again.',
    '无法连接服务器。\n请检查网络并确认网关正在运行，然后重试。'],
  slow: ['The service took longer than two minutes.\nTry again with less text or a shorter recording.', '服务超过两分钟没有完成。\n请缩短文字或录音后重试。'],
  unknown: ['Something went wrong: {reason}', '出错了：{reason}'],

  closed: ['The call was cut (code {code}): {meaning}{reason}\nPress “Start call” to call again.', '通话中断（代码 {code}）：{meaning}{reason}\n点击“开始通话”可重新呼叫。'],
  close1000: ['the service ended the call.', '服务结束了通话。'],
  close1001: ['the other side went away, as it does for a restart.', '对方已离开，例如正在重启。'],
  close1005: ['the other side gave no reason.', '对方没有说明原因。'],
  close1006: [
    'the connection broke without a goodbye. The network changed, or the service or the gateway ended suddenly.',
    '连接意外断开，可能是网络变化，或者服务、网关突然退出。'],
  close1008: ['the service refused what was sent.', '服务拒绝了发送的内容。'],
  close1009: ['a message was too large for the service.', '消息超过服务允许的大小。'],
  close1011: ['the service failed.', '服务发生错误。'],
  close1012: ['the service is restarting; it is back in a moment.', '服务正在重启，请稍后再试。'],
  close1013: ['the service is busy; try again in a moment.', '服务繁忙，请稍后再试。'],
  close1014: ['the gateway got no proper answer from the service.', '网关没有从服务得到正确的响应。'],
  closeOther: ['the other side closed it.', '对方关闭了连接。'],
  neverOpened: [
    'The call could not be connected.\nCheck that the video service is running and that the gateway leads ws/ to it. On a phone, the certificate must be trusted for wss:// as well.',
    '无法建立通话。\n请确认视频服务正在运行，且网关已将 ws/ 转发给它。在手机上，wss:// 同样需要信任证书。'],
};

let chinese = preferred();

function preferred() {
  try {
    const chosen = localStorage.getItem('lang');
    if (chosen) return chosen === 'zh';
  } catch { /* storage may be blocked */ }
  const known = (navigator.languages ?? [navigator.language]).find(language => /^(zh|en)/i.test(language));
  return /^zh/i.test(known ?? '');
}

/** The language for services: "zh" or "en". */
export const language = () => chinese ? 'zh' : 'en';

/** The text of a key with its {values} filled in. */
export function text(key, values = {}) {
  return texts[key][chinese ? 1 : 0].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/** Shows a text that changes with the language; a value may be a key itself, written as { key }. An empty key clears. */
export function show(element, key, values = {}) {
  element.dataset.i18n = key;
  element.dataset.values = JSON.stringify(values);
  render(element);
}


export function toggleLanguage() {
  chinese = !chinese;
  try {
    localStorage.setItem('lang', language());
  } catch { /* then it lasts as long as the page */ }
  translatePage();
}

export function translatePage() {
  document.documentElement.lang = chinese ? 'zh-CN' : 'en';
  document.getElementById('lang').textContent = chinese ? 'English' : '中文';
  document.querySelectorAll('[data-i18n]').forEach(render);
  document.querySelectorAll('[data-i18n-label]').forEach(element => element.setAttribute('aria-label', text(element.dataset.i18nLabel)));
  document.querySelectorAll('[data-i18n-empty]').forEach(element => { element.dataset.empty = text(element.dataset.i18nEmpty); });
}

function render(element) {
  const { i18n: key, values } = element.dataset;
  const filled = Object.fromEntries(Object.entries(JSON.parse(values ?? '{}')).map(([name, value]) => [name, value?.key ? text(value.key) : value]));
  const shown = key ? text(key, filled) : '';
  // What a person has typed is not translated away.
  if (element.tagName === 'TEXTAREA' && element.value !== element.defaultValue) return;
  if (element.textContent !== shown) element.textContent = shown;
}
