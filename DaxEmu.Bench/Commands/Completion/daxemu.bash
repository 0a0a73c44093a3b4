# Completion of daxemu in bash: the command itself says what fits, so what is offered is what this version takes.
#   source <(daxemu completion bash)
_daxemu() {
    # The line without the command's name; '--name=value' counts as '--name value', which has the same length.
    local line="${COMP_LINE#"${COMP_WORDS[0]}"}"
    local point=$((COMP_POINT - ${#COMP_LINE} + ${#line} - 1))
    line="$(sed -E 's/(--[a-z0-9_-]+)=/\1 /g' <<< "${line:1}")"
    local -a found
    mapfile -t found < <("${COMP_WORDS[0]}" "[suggest:${point}]" "${line}" 2> /dev/null)
    mapfile -t COMPREPLY < <(compgen -W "${found[*]}" -- "${COMP_WORDS[COMP_CWORD]#=}")
}
complete -o default -F _daxemu daxemu
