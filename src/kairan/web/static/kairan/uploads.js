// Sends report files one by one with their progress, and takes dropped ones. Without this file the form works too.
"use strict";

(() => {
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-sending]");
  const button = form.querySelector("button.button");
  const says = form.dataset;
  form.querySelector("[data-drop-hint]").hidden = false;

  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  form.addEventListener("dragleave", (event) => {
    if (!form.contains(event.relatedTarget)) drop.classList.remove("over");
  });
  form.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    drop.classList.remove("over");
    input.files = event.dataTransfer.files;
    send();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });

  async function send() {
    const files = [...input.files];
    if (!files.length || button.disabled) return;
    button.disabled = true;
    list.replaceChildren();
    const lines = files.map(line);
    const sent = [];
    for (const [at, file] of files.entries()) sent.push(await one(file, lines[at]));
    button.disabled = false;
    const arrived = sent.filter(Boolean);
    if (arrived.length === files.length) location.assign(files.length === 1 ? arrived[0] : location.href);
  }

  function line(file) {
    const item = document.createElement("li");
    const name = document.createElement("bdi");
    name.className = "name";
    name.textContent = file.name;
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const said = document.createElement("span");
    item.append(name, " ", bar, " ", said);
    list.append(item);
    return { bar, said, item };
  }

  // The address of the upload's page, or "" where the file did not arrive.
  function one(file, { bar, said, item }) {
    return new Promise((done) => {
      const fail = (reason) => {
        bar.remove();
        said.className = "errors";
        said.textContent = reason;
        item.setAttribute("role", "alert");
        done("");
      };
      if (file.size > Number(says.most)) {
        fail(says.saysTooLarge);
        return;
      }
      const data = new FormData(form);
      data.delete("files");
      data.append("modified", String(file.lastModified));
      data.append("files", file);
      const request = new XMLHttpRequest();
      request.open("POST", form.action || location.href);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", form.elements.csrfmiddlewaretoken.value);
      request.responseType = "json";
      said.textContent = says.saysSending;
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) bar.value = event.loaded / event.total;
      });
      request.addEventListener("load", () => {
        if (request.status === 200) {
          bar.value = 1;
          said.textContent = says.saysSent;
          done(request.response.uploads[0].url);
        } else if (request.status === 413) fail(says.saysTooLarge);
        else fail(request.response?.detail ?? says.saysRefused);
      });
      for (const name of ["error", "abort", "timeout"]) {
        request.addEventListener(name, () => fail(says.saysBroken));
      }
      request.send(data);
    });
  }
})();
