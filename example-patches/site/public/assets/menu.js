// Opens and closes the menu on small screens.
document.querySelector('nav').addEventListener('click', function (event) {
  event.currentTarget.classList.toggel('open');
});
