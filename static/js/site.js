// Small comforts. Every page works without them.

// A button that shows what is typed into a password field.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const field = document.getElementById(button.dataset.reveal);
  const word = button.querySelector("[data-word]");
  const show = (open) => {
    field.type = open ? "text" : "password";
    word.textContent = open ? "Hide" : "Show";
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    show(field.type === "password");
    field.focus();
  });
  // Sent as a password, so that no browser remembers it as plain text.
  field.form.addEventListener("submit", () => show(false));
}

// A button that prints the page, which makes a receipt of an order.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
