// Files are sent one after the other, each with its progress; then what the picture shows is asked.
export function mountUpload(form) {
  const words = JSON.parse(form.dataset.words);
  const list = form.querySelector(".upload-list");
  const field = form.querySelector('input[type="file"]');
  const waiting = [];
  let isSending = false;

  field.addEventListener("change", () => (take(field.files), (field.value = "")));
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const name of ["dragenter", "dragover"]) form.addEventListener(name, (event) => over(event, true));
  for (const name of ["dragleave", "drop"]) form.addEventListener(name, (event) => over(event, false));
  form.addEventListener("drop", (event) => take(event.dataTransfer.files));

  function over(event, isOver) {
    event.preventDefault();
    form.classList.toggle("is-over", isOver);
  }

  function take(files) {
    for (const file of files) {
      const item = made("li", "upload-item");
      const blank = made("span", "upload-blank");
      const name = made("span", "upload-name", file.name);
      const state = made("span", "upload-state", words.waiting);
      const side = made("div", "upload-words");
      side.append(name, state);
      item.append(blank, side);
      list.insertBefore(item, list.querySelector(".upload-done"));
      if (file.size > Number(form.dataset.largest)) refuse(item, words.large);
      else waiting.push({ file, item });
    }
    next();
  }

  function next() {
    if (isSending || !waiting.length) return;
    const { file, item } = waiting.shift();
    const state = item.querySelector(".upload-state");
    const bar = item.appendChild(made("progress", ""));
    Object.assign(bar, { max: 100, value: 0 });
    bar.setAttribute("aria-label", file.name);
    isSending = true;
    const body = new FormData();
    body.append("file", file);
    send(form.action, body, (share) => {
      bar.value = Math.round(share * 100);
      state.textContent = share < 1 ? `${bar.value} %` : words.working;
    }).then(
      (image) => show(item, image),
      (reason) => refuse(item, reason || words.failed),
    ).finally(() => {
      bar.remove();
      isSending = false;
      next();
    });
  }

  function show(item, image) {
    const picture = document.createElement("img");
    Object.assign(picture, { src: new URL(image.url).pathname, alt: "" });
    item.querySelector(".upload-blank").replaceWith(picture);
    const state = item.querySelector(".upload-state");
    state.textContent = words.added;
    const alt = made("input", "form-control");
    Object.assign(alt, { type: "text", value: image.alt, placeholder: words.alt, maxLength: 300, name: `alt-${image.id}` });
    alt.setAttribute("aria-label", `${words.alt} ${image.name}`);
    alt.addEventListener("change", () => {
      const body = new FormData();
      body.append("alt", alt.value);
      send(form.dataset.altUrl.replace("/0/", `/${image.id}/`), body).then(
        () => (state.textContent = words.saved),
        (reason) => refuse(item, reason || words.failed),
      );
    });
    alt.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.isComposing) event.preventDefault(), alt.dispatchEvent(new Event("change"));
    });
    item.append(alt);
    if (!list.querySelector(".upload-done")) {
      const done = made("a", "btn btn-primary", words.done);
      done.href = form.action;
      list.appendChild(made("li", "upload-done")).append(done);
    }
  }

  function refuse(item, reason) {
    item.classList.add("is-refused");
    item.querySelector(".upload-state").textContent = reason;
  }
}

export function send(url, body, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.responseType = "text";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]')?.content ?? "");
    request.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total);
    request.onerror = () => reject("");
    request.onload = () => {
      const said = read(request.responseText);
      if (request.status < 300 && said) resolve(said);
      else reject(said?.error ?? "");
    };
    request.send(body);
  });
}

function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function made(tag, className, text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
