// Only browsers without JavaScript modules run this file, so it is written for them.
(function () {
  var shell = document.getElementById('shell');
  if (shell) shell.parentNode.removeChild(shell);
  document.getElementById('cannot-start').removeAttribute('hidden');
})();
