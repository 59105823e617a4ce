// Passkeys: the one thing here that a page cannot do by itself. Its form stays hidden where the browser cannot do it either.

const able = window.PublicKeyCredential?.parseCreationOptionsFromJSON && PublicKeyCredential.parseRequestOptionsFromJSON;

// Asks the shop; an answer that leads to another page is followed there.
const ask = async (path, fields) => {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(fields) });
  if (answer.redirected) {
    location.assign(answer.url);
    return new Promise(() => {});
  }
  const said = await answer.json();
  // Another tab signed in or proved who it is: the page as it is now has a value that fits.
  if (said.code === "stale_form") {
    location.reload();
    return new Promise(() => {});
  }
  if (!answer.ok) throw new Error(said.detail);
  return said;
};

const ceremonies = {
  make: (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  show: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

// Of a passkey that was sent and not answered nobody here knows whether it was kept.
const unanswered = "No answer came, so the passkey may be there or not. Look at your passkeys before you try again.";
const unreachable = "The shop could not be reached. Try again in a moment.";
const words = {
  InvalidStateError: "This device has a passkey for your account already.",
  NotAllowedError: "Nothing was done: it was cancelled, took too long, or this device has no passkey that fits.",
  SyntaxError: unreachable,
  TypeError: unreachable,
};

// What went wrong, in words: the shop's own, or ours for what the browser says.
const told = ({ name, message }) => (name === "Error" ? message : words[name] ?? "This browser could not do it. Go on in another way.");

for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  const wrong = form.querySelector("[data-wrong]");
  let busy = false;
  form.hidden = false;
  for (const note of document.querySelectorAll("[data-passkey-less]")) note.hidden = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    wrong.hidden = true;
    let sent = false;
    try {
      const fields = Object.fromEntries(new FormData(form));
      if (document.getElementById("remember")?.checked) fields.remember = "1";
      const { csrf, name } = fields;
      const { challenge, publicKey } = await ask(`${form.action}/challenge`, { csrf, name });
      const credential = await ceremonies[form.dataset.passkey](publicKey);
      sent = form.dataset.passkey === "make";
      const { location: place } = await ask(form.action, { ...fields, challenge, credential: JSON.stringify(credential) });
      location.assign(place);
    } catch (cause) {
      const said = told(cause);
      wrong.querySelector("span").textContent = sent && said === unreachable ? unanswered : said;
      wrong.hidden = false;
    }
    busy = false;
  });
}
