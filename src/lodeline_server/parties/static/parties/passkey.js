// Passkeys (Web Authentication): ask the browser, put its answer into the form's hidden field, send the form.
const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
const identified = (list) => (list || []).map((entry) => ({ ...entry, id: toBytes(entry.id) }));

// The server's JSON (WebAuthn level 3, section 5.1.8 and 5.1.9) as the browser wants it.
function creation({ publicKey }, passwordless) {
  const selection = { ...publicKey.authenticatorSelection };
  selection.residentKey = passwordless ? "required" : "discouraged";
  selection.requireResidentKey = passwordless;
  if (passwordless) selection.userVerification = "required";
  return {
    ...publicKey,
    challenge: toBytes(publicKey.challenge),
    user: { ...publicKey.user, id: toBytes(publicKey.user.id) },
    excludeCredentials: identified(publicKey.excludeCredentials),
    authenticatorSelection: selection,
  };
}

const request = ({ publicKey }) => ({
  ...publicKey,
  challenge: toBytes(publicKey.challenge),
  allowCredentials: identified(publicKey.allowCredentials),
});

// The browser's answer as JSON (section 5.1, toJSON, which not every browser has).
function answer(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function options(form) {
  if (form.dataset.passkey !== "login") {
    const data = JSON.parse(document.getElementById("passkey-options").textContent);
    return data.creation_options || data.request_options;
  }
  const reply = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
  return (await reply.json()).request_options;
}

async function fill(form) {
  const given = await options(form);
  const credential =
    form.dataset.passkey === "add"
      ? await navigator.credentials.create({ publicKey: creation(given, form.elements.passwordless.checked) })
      : await navigator.credentials.get({ publicKey: request(given) });
  form.elements.credential.value = answer(credential);
  form.submit();
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const cancelled = form.querySelector("[data-passkey-error]");
  const address = form.querySelector("[data-passkey-address]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    cancelled.hidden = address.hidden = true;
    const named = window.PublicKeyCredential && !/^[\d.]+$|^\[/.test(location.hostname);
    if (!named) {
      address.hidden = false;
      return;
    }
    fill(form).catch((error) => {
      console.warn(error);
      cancelled.hidden = false;
    });
  });
}
