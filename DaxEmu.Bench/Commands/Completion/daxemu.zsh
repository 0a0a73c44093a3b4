#compdef daxemu
# Completion of daxemu in zsh: the command itself says what fits, so what is offered is what this version takes.
#   source <(daxemu completion zsh), after compinit
_daxemu() {
    # The line without the command's name; '--name=value' counts as '--name value', which has the same length.
    local line="${(j: :)words[2,-1]}"
    local point="${#${(j: :)words[2,CURRENT]}}"
    line="$(sed -E 's/(--[a-z0-9_-]+)=/\1 /g' <<< "$line")"
    local -a found
    found=("${(@f)$("${words[1]}" "[suggest:${point}]" "${line}" 2> /dev/null)}")
    found=(${found:#})
    compset -P '--*='
    if (( ${#found} )); then
        compadd -- "${found[@]}"
    else
        _files
    fi
}
compdef _daxemu daxemu
