// Reads a QR code from a picture or the camera into the form; the page works without. Nothing is sent from here.
(() => {
  "use strict";
  const area = document.getElementById("scan");
  const text = document.getElementById("credential");
  const image = document.getElementById("image");
  const button = document.getElementById("camera");
  const video = document.getElementById("picture");
  const said = document.getElementById("scan-said");
  const own = "BarcodeDetector" in window ? new window.BarcodeDetector({ formats: ["qr_code"] }) : null;
  const LARGEST = 1600, PAUSE = 200;
  if (!area || (!own && !window.jsQR)) return;
  area.hidden = false;
  button.hidden = !navigator.mediaDevices?.getUserMedia;

  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });

  // The text of a code in what can be drawn, or null.
  const read = async (source, width, height) => {
    const scale = Math.min(1, LARGEST / Math.max(width, height));
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    pen.drawImage(source, 0, 0, canvas.width, canvas.height);
    if (own) {
      const [found] = await own.detect(canvas).catch(() => []);
      if (found) return found.rawValue;
    }
    if (!window.jsQR) return null;
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
    return window.jsQR(pixels.data, canvas.width, canvas.height)?.data || null;
  };

  const take = (found) => {
    text.value = found;
    said.textContent = said.dataset.found;
    text.focus();
  };

  image.addEventListener("change", async () => {
    const [file] = image.files;
    if (!file) return;
    try {
      const picture = await createImageBitmap(file);
      const found = await read(picture, picture.width, picture.height);
      found ? take(found) : (said.textContent = said.dataset.none);
    } catch {
      said.textContent = said.dataset.none;
    }
    image.value = "";
  });

  let stream = null;
  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = true;
    video.srcObject = null;
    button.textContent = button.dataset.on;
  };
  const look = async () => {
    if (!stream) return;
    const found = video.videoWidth ? await read(video, video.videoWidth, video.videoHeight) : null;
    if (found) { stop(); take(found); } else setTimeout(look, PAUSE);
  };
  button.addEventListener("click", async () => {
    if (stream) { stop(); return; }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
      video.srcObject = stream;
      video.hidden = false;
      await video.play();
      button.textContent = button.dataset.off;
      look();
    } catch {
      stop();
      said.textContent = said.dataset.denied;
    }
  });
  window.addEventListener("pagehide", stop);
})();
